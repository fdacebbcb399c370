module github.com/parleyws/parley/ci

go 1.25
