module example.org/parts

go 1.25
