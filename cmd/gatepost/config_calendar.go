package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gatepost/loop"
)

// readCalendars reads an .ics file, or every one of a folder, as days off.
func readCalendars(path string) (func(loop.Date) string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("it does not exist: name an .ics file, or a folder of them, beside the config")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: name an .ics file, or a folder of them, beside the config", err)
	}
	files := []string{path}
	if info.IsDir() {
		if files, err = filepath.Glob(filepath.Join(path, "*.ics")); err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("no .ics file in it: put one there, or leave holidays out")
		}
	}
	var all []func(loop.Date) string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		holiday, err := loop.ICSHolidays(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: export it anew as iCalendar, or take it out", filepath.Base(file), err)
		}
		all = append(all, holiday)
	}
	return loop.AnyHoliday(all...), nil
}
