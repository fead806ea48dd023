package store

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"gatepost/loop"
)

// variants calls each with v after every field of it, however deep, was set to
// every odd value, one at a time.
func variants(v reflect.Value, path string, each func(path string)) {
	set := func(to any, what string) {
		old := reflect.ValueOf(v.Interface())
		v.Set(reflect.ValueOf(to).Convert(v.Type()))
		each(path + what)
		v.Set(old)
	}
	switch v.Kind() {
	case reflect.String:
		for _, s := range []string{"", "a <b> & \u2028 ü", "\xff", "\x00"} {
			set(s, fmt.Sprintf(" %q", s))
		}
	case reflect.Bool:
		set(true, " true")
	case reflect.Int, reflect.Int64:
		set(-1, " -1")
	case reflect.Pointer:
		old := v.Elem()
		v.Set(reflect.New(v.Type().Elem()))
		each(path + " new")
		variants(v.Elem(), path, each)
		if old.IsValid() {
			v.Set(old.Addr())
		} else {
			v.SetZero()
		}
	case reflect.Slice:
		old := reflect.ValueOf(v.Interface())
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		each(path + " empty")
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		each(path + " one")
		variants(v.Index(0), path+"[0]", each)
		v.Set(old)
	case reflect.Map:
		old := reflect.ValueOf(v.Interface())
		v.Set(reflect.MakeMap(v.Type()))
		each(path + " empty")
		for _, key := range []string{"k", "\xff"} {
			v.Set(reflect.MakeMap(v.Type()))
			v.SetMapIndex(reflect.ValueOf(key), reflect.Zero(v.Type().Elem()))
			each(path + " " + key)
		}
		v.Set(old)
	case reflect.Struct:
		switch v.Interface().(type) {
		case time.Time:
			berlin, _ := time.LoadLocation("Europe/Berlin")
			at := time.Date(2026, 3, 2, 10, 0, 0, 5, time.UTC)
			for _, t := range []time.Time{{}, at, at.In(berlin), at.In(time.FixedZone("", 0)), at.Local(), time.Now(), time.Now().UTC(), time.Now().UTC().Round(0), time.Time{}.In(berlin)} {
				set(t, fmt.Sprintf(" %#v", t))
			}
			return
		case loop.Date:
			for _, d := range []loop.Date{{}, {Year: 2026, Month: 3, Day: 2}, {Year: 2026, Month: 2, Day: 30}, {Year: 12026, Month: 1, Day: 1}, {Day: 1}} {
				set(d, fmt.Sprintf(" %#v", d))
			}
			return
		}
		for i := range v.NumField() {
			variants(v.Field(i), path+"."+v.Type().Field(i).Name, each)
		}
	}
}

// What same says is same comes back from its JSON without a difference.
func TestSame(t *testing.T) {
	for _, empty := range []func() any{func() any { return new(loop.Task) }, func() any { return new(loop.Stream) }, func() any { return new(loop.Presence) }, func() any { return new(loop.Hold) }} {
		v, yes, no := empty(), 0, 0
		variants(reflect.ValueOf(v).Elem(), reflect.TypeOf(v).Elem().Name(), func(path string) {
			if !same(v) {
				no++
				return
			}
			yes++
			b, err := json.Marshal(v)
			back := empty()
			if err == nil {
				err = json.Unmarshal(b, back)
			}
			if err != nil || !reflect.DeepEqual(v, back) {
				t.Errorf("%s: %v\n%+v\n%+v", path, err, v, back)
			}
		})
		if yes == 0 || no == 0 {
			t.Errorf("%T: %d are the same, %d are not", v, yes, no)
		}
	}
}

// What a Load brings is the same, in every kind of object of a team at work.
func TestSameOfAStory(t *testing.T) {
	r := newRig(t)
	r.story()
	s, err := r.Load(t.Context(), team, Want{All: true})
	must(t, err)
	for _, v := range s.Tasks {
		if !same(v) {
			t.Errorf("task %+v", v)
		}
	}
	for _, v := range s.People {
		if !same(v) {
			t.Errorf("person %+v", v)
		}
	}
	for _, v := range s.Streams {
		if !same(v) {
			t.Errorf("stream %+v", v)
		}
	}
}
