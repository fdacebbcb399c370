module github.com/parleyws/parley/testdata

go 1.25
