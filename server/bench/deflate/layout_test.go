package deflate

import (
	"io"
	"reflect"
	"testing"
)

func TestOnlyTheSameLayoutWillDo(t *testing.T) {
	type theirs struct {
		W    io.Writer
		Tail []byte
	}
	type nameless struct {
		W io.Writer
		_ []byte
	}
	type oneMore struct {
		W    io.Writer
		Tail []byte
		N    int
	}
	type otherType struct {
		W    io.Writer
		Tail [3]uintptr
	}
	type turned struct {
		Tail []byte
		W    io.Writer
	}
	type renamed struct {
		W    io.Writer
		Head []byte
	}
	for _, c := range []struct {
		mirror reflect.Type
		ok     bool
	}{
		{reflect.TypeFor[theirs](), true},
		{reflect.TypeFor[nameless](), true},
		{reflect.TypeFor[oneMore](), false},
		{reflect.TypeFor[otherType](), false},
		{reflect.TypeFor[turned](), false},
		{reflect.TypeFor[renamed](), false},
	} {
		if err := sameLayout(c.mirror, reflect.TypeFor[theirs]()); (err == nil) != c.ok {
			t.Errorf("%v: %v", c.mirror, err)
		}
	}
}

func TestAFieldThatIsNotThereIsAnError(t *testing.T) {
	type inner struct{ A int }
	type outer struct{ In *inner }
	if got, err := fieldType(reflect.TypeFor[*outer](), "In", "A"); err != nil || got.Kind() != reflect.Int {
		t.Errorf("In.A: %v, %v", got, err)
	}
	if _, err := fieldType(reflect.TypeFor[outer](), "In", "B"); err == nil {
		t.Error("In.B: no error")
	}
}
