package deflate

import (
	"fmt"
	"reflect"
)

// fieldType returns the type that the fields of path lead to, from t on, through
// pointers.
func fieldType(t reflect.Type, path ...string) (reflect.Type, error) {
	for _, name := range path {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		f, ok := t.FieldByName(name)
		if !ok {
			return nil, fmt.Errorf("websocket: %v has no field %s", t, name)
		}
		t = f.Type
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t, nil
}

// sameLayout returns an error unless mirror has the fields of theirs, in the same
// places and with the same types; one that is called _ may have another name there.
// Otherwise functions that expect theirs would
// write to memory that is not theirs.
func sameLayout(mirror, theirs reflect.Type) error {
	differ := mirror.Size() != theirs.Size() || mirror.NumField() != theirs.NumField()
	for i := 0; !differ && i < mirror.NumField(); i++ {
		m, t := mirror.Field(i), theirs.Field(i)
		differ = m.Name != t.Name && m.Name != "_" || m.Type != t.Type || m.Offset != t.Offset
	}
	if differ {
		return fmt.Errorf("websocket: the fields of %v are not those of %v", theirs, mirror)
	}
	return nil
}
