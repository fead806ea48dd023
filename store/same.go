package store

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"gatepost/loop"
)

// same tells whether v, a pointer, comes back from its JSON as it is: then it
// need not go there to be what a Load would bring. False may also mean that it
// is not known.
func same(v any) bool { return sameValue(reflect.ValueOf(v)) }

func sameValue(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	case reflect.String:
		return utf8.ValidString(v.String())
	case reflect.Pointer:
		return v.IsNil() || sameValue(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			if !sameValue(v.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if !sameValue(it.Key()) || !sameValue(it.Value()) {
				return false
			}
		}
		return true
	case reflect.Struct:
		if !v.CanAddr() { // in a map
			return false
		}
		switch x := v.Addr().Interface().(type) {
		case *time.Time: // UTC and without a reading of the monotonic clock
			return *x == x.UTC().Round(0) && x.Year() >= 0 && x.Year() <= 9999
		case *loop.Date:
			return x.IsZero() || x.Year > 0 && x.Year <= 9999 && loop.DateOf(time.Date(x.Year, x.Month, x.Day, 0, 0, 0, 0, time.UTC), time.UTC) == *x
		}
		for _, f := range fieldsOf(v.Type()) {
			w := v.Field(f.index)
			if f.unsure && !w.IsZero() || f.unset && w.Len() == 0 && !w.IsNil() || !f.unsure && !sameValue(w) {
				return false
			}
		}
		return true
	}
	return false
}

// field is what the JSON of a struct does with one of its fields.
type field struct {
	index  int
	unsure bool // only its zero value is known to come back
	unset  bool // a list or a map that comes back nil when it is empty
}

var fieldsByType sync.Map // reflect.Type → []field

func fieldsOf(t reflect.Type) []field {
	if known, ok := fieldsByType.Load(t); ok {
		return known.([]field)
	}
	var list []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		k := f.Type.Kind()
		list = append(list, field{
			index:  i,
			unsure: !f.IsExported() || name == "-" || f.Anonymous || speaksFor(f.Type) || strings.Contains(options, "string"),
			unset:  (k == reflect.Slice || k == reflect.Map) && strings.Contains(options, "omitempty"),
		})
	}
	fieldsByType.Store(t, list)
	return list
}

// speaksFor tells whether a type has its own way with JSON that same does not
// know.
func speaksFor(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[loop.Date]():
		return false
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return speaksFor(t.Elem())
	case reflect.Map:
		return speaksFor(t.Elem()) || t.Key().Kind() != reflect.String || speaksFor(t.Key())
	case reflect.Interface, reflect.Array:
		return true
	}
	for _, way := range []reflect.Type{
		reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.Unmarshaler](),
		reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
	} {
		if t.Implements(way) || reflect.PointerTo(t).Implements(way) {
			return true
		}
	}
	return false
}
