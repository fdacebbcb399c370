package fuzz

// Fault is a case of a table that a codec gets wrong.
type Fault struct {
	Case    string // its name in the table
	Section string // that decides it, such as "RFC 6455 5.2"
	Problem string // what the codec did, and what it must do
}

// String returns the case, the section and the problem in one line.
func (f Fault) String() string {
	return f.Case + " (" + f.Section + "): " + f.Problem
}
