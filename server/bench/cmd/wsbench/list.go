package main

import (
	"fmt"
	"strconv"
	"strings"
)

// numbers is a flag that is one number or several, with commas between.
type numbers []int

func (n *numbers) String() string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint([]int(*n)), " ", ","), "[]")
}

func (n *numbers) Set(s string) error {
	*n = nil
	for word := range strings.SplitSeq(s, ",") {
		x, err := strconv.Atoi(word)
		if err != nil {
			return err
		}
		*n = append(*n, x)
	}
	return nil
}

// names is a flag that is one name or several, with commas between.
type names []string

func (n *names) String() string { return strings.Join(*n, ",") }

func (n *names) Set(s string) error {
	*n = strings.Split(s, ",")
	return nil
}

// textName is a flag that is the name of a text, or stands alone for one whose
// validation takes its time.
type textName string

func (t *textName) String() string { return string(*t) }

func (t *textName) Set(s string) error {
	*t = textName(s)
	switch s {
	case "true":
		*t = "japanese"
	case "false":
		*t = ""
	}
	return nil
}

// IsBoolFlag tells package flag that the name may be left out.
func (t *textName) IsBoolFlag() bool { return true }
