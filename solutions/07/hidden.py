"""Hidden probes of assignment 07: further inputs that submissions meet when they are graded for marks."""

PROBES = {
    # 7.1 bytes: characters of four bytes, cut characters in a row, bytes that only continue
    "7.1::test_bytes": [("😀🎉 ok",), ("a\tЖ\n\n",), ("中" * 30,)],
    "7.1::test_text": [
        ([0xF0, 0x9F, 0x98, 0x80],),
        ([0xF0, 0x9F, 0x98, 97],),
        ([0xAF, 0x8D, 98],),
        ([0xE8, 0xAF, 0xE8, 0xAF, 0xC3],),
        ([97, 1000],),
    ],
}
