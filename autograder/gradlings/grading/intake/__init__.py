"""What came in: folders, zips and downloads of any LMS become one file a student, and a roster says who is missing."""
