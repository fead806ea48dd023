package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a host without zone files knows them too

	"gatepost/loop"
	"gatepost/templates"
)

// team turns a [[team]] into the loop's Team.
func (r *configReader) team(at string, f *teamFile) *loop.Team {
	t := &loop.Team{Name: f.Name, Trust: loop.Trust(or(f.Trust, string(loop.TrustSeen)))}
	who := fmt.Sprintf("team %q: ", f.Name)
	if strings.TrimSpace(f.Name) == "" {
		who = fmt.Sprintf("team %d: ", number(at))
		r.mark(at+".name", "%sno name: add name = \"Shop\", as letters shall call it", who)
	}
	r.name(at+".name", who, f.Name)
	if f.Address == "" {
		r.mark(at+".address", "%sno address: add address = \"shop@acme.example\", the one that the mailbox receives", who)
	} else if t.Address = r.address(at+".address", strings.TrimSuffix(who, ": "), f.Address); t.Address != "" && withoutTag(t.Address) != t.Address {
		r.mark(at+".address", "%saddress %q has a + in it, which is where the tags go: use %q", who, f.Address, withoutTag(t.Address))
	}
	t.Zone = r.zone(at+".timezone", who, f.Timezone, nil)
	if t.Zone == nil {
		t.Zone = time.UTC // so that the rest can be checked
	}
	t.Holiday = r.holidays(at+".holidays", who, f.Holidays)
	t.Hours = r.hours(at+".work", who, or(f.Work, "mon-fri 09:00-17:30"))
	t.FirstDelivery = r.days(at+".first_delivery", who, f.FirstDelivery, 5)
	t.Cycle = r.days(at+".cycle", who, f.Cycle, 3)
	t.Digest = r.minute(at+".digest", who, or(f.Digest, "08:30"))
	t.Prompt = r.minute(at+".prompt", who, or(f.Prompt, "16:00"))
	t.Weekly = r.weekly(at+".weekly", who, or(f.Weekly, "fri 15:00"))
	t.Undo = r.duration(at+".undo", who, f.Undo, "2h", 0, 30*24*time.Hour)
	if t.Trust != loop.TrustSeen && t.Trust != loop.TrustSigned && t.Trust != loop.TrustToken {
		r.mark(at+".trust", "%strust %q: want \"seen\", \"signed\" or \"token\"", who, f.Trust)
	}
	t.Language = r.language(at+".language", who, or(f.Language, "en"))
	for i := range f.Person {
		t.People = append(t.People, r.person(fmt.Sprintf("%s.person.%d", at, i), who, &f.Person[i], t))
	}
	r.roles(at, who, t)
	t.Words = r.words(at+".words", who, f.Words, languagesOf(t))
	if len(f.Stream) == 0 {
		r.mark(at, "%sno stream: add a [[team.stream]] with name and engineer", who)
	}
	for i := range f.Stream {
		t.Streams = append(t.Streams, r.stream(fmt.Sprintf("%s.stream.%d", at, i), who, &f.Stream[i], t))
	}
	return t
}

// person turns a [[team.person]] into the loop's Person; t holds those before.
func (r *configReader) person(at, who string, f *personFile, t *loop.Team) loop.Person {
	p := loop.Person{Name: f.Name, Role: loop.Role(f.Role)}
	label := f.Name
	if label == "" && len(f.Email) > 0 {
		label = f.Email[0]
	}
	who += fmt.Sprintf("person %q: ", label)
	r.name(at+".name", who, f.Name)
	switch {
	case strings.TrimSpace(f.Name) != "":
	case r.has(at + ".name"):
		r.mark(at+".name", "%sthe name is empty: write it as letters shall say it, or take the line out", who)
	case len(f.Email) > 0:
		p.Name, _, _ = strings.Cut(f.Email[0], "@")
	}
	if len(f.Email) == 0 {
		r.mark(at+".email", "%sno email: add email = [\"dana@acme.example\"], first the one where letters go", who)
	}
	for i, e := range f.Email {
		place := fmt.Sprintf("%s.email.%d", at, i)
		a := r.address(place, strings.TrimSuffix(who, ": "), e)
		if owner := t.Person(a); owner != nil {
			r.mark(place, "%saddress %q is %s's already: an address names one person, take it out of one of them", who, e, cmp.Or(owner.Name, owner.Key()))
		} else if a != "" && slices.Contains(p.Email, a) {
			r.mark(place, "%saddress %q is there twice: take one out", who, e)
		}
		p.Email = append(p.Email, a)
	}
	if len(p.Email) == 0 {
		p.Email = []string{""}
	}
	if p.Role != loop.PM && p.Role != loop.Engineer && p.Role != loop.Reader {
		r.mark(at+".role", "%srole %q: want \"pm\", \"engineer\" or \"reader\"", who, f.Role)
	}
	p.Zone, p.Hours, p.Digest, p.Prompt = t.Zone, t.Hours, loop.Never, loop.Never
	if p.Language = t.Language; r.has(at + ".language") {
		p.Language = r.language(at+".language", who, f.Language)
	}
	if r.has(at + ".timezone") {
		p.Zone = r.zone(at+".timezone", who, f.Timezone, t.Zone)
	}
	if r.has(at + ".work") {
		p.Hours = r.hours(at+".work", who, f.Work)
	}
	if r.has(at + ".holidays") {
		p.Holiday = r.holidays(at+".holidays", who, f.Holidays)
	}
	if p.Role == loop.PM {
		p.Digest = t.Digest
	}
	if p.Role != loop.Reader {
		p.Prompt = t.Prompt
	}
	p.Digest, p.Prompt = ownHour(p.Digest, t.Hours, p.Hours), ownHour(p.Prompt, t.Hours, p.Hours)
	if r.has(at + ".digest") {
		p.Digest = r.minuteOrOff(at+".digest", who, f.Digest)
	}
	if r.has(at + ".prompt") {
		p.Prompt = r.minuteOrOff(at+".prompt", who, f.Prompt)
	}
	return p
}

// ownHour is an hour that the team set, for somebody with other working hours: where it
// falls outside of these, it is as far before their day, or before its end, as it is
// before the team's. At 08:30 nobody wants a letter who works from 14:00.
func ownHour(at loop.Minute, team, own loop.Hours) loop.Minute {
	before := max(0, team.From-at) // the digest of 08:30, where work begins at 09:00
	switch {
	case at == loop.Never:
	case at < own.From-before:
		return own.From - before
	case at >= own.To && at < team.To:
		return max(own.From, own.To-(team.To-at))
	}
	return at
}

// roles refuses a team in which nobody could open a gate.
func (r *configReader) roles(at, who string, t *loop.Team) {
	if !slices.ContainsFunc(t.People, func(p loop.Person) bool { return p.Role == loop.PM }) {
		r.mark(at, "%snobody is its PM: give a [[team.person]] role = \"pm\"", who)
	}
}

// language is the code of one that letters are written in.
func (r *configReader) language(path, who, code string) string {
	if !slices.Contains(templates.Languages, code) {
		r.mark(path, "%slanguage %q: letters are written in %s", who, code, strings.Join(templates.Languages, ", "))
		return "en"
	}
	return code
}

// languagesOf is every language that letters of a team are written in.
func languagesOf(t *loop.Team) []string {
	codes := []string{t.Language}
	for _, p := range t.People {
		if !slices.Contains(codes, p.Language) {
			codes = append(codes, p.Language)
		}
	}
	return codes
}

// zone loads a time zone; standard if it is not known.
func (r *configReader) zone(path, who, name string, standard *time.Location) *time.Location {
	if name == "" {
		r.mark(path, "%sno time zone: add timezone = \"Europe/Berlin\", a name of the IANA database", who)
		return standard
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" { // Local is another zone on every host
		r.mark(path, "%stime zone %q is not known: use a name of the IANA database, as \"Europe/Berlin\"", who, name)
		return standard
	}
	return zone
}

func (r *configReader) holidays(path, who, country string) func(loop.Date) string {
	var all []func(loop.Date) string
	for name := range strings.SplitSeq(country, ",") {
		if name = strings.TrimSpace(name); name != "" {
			all = append(all, r.holiday(path, who, name))
		}
	}
	return loop.AnyHoliday(all...)
}

// holiday is one country, calendar file, or folder of such files.
func (r *configReader) holiday(path, who, country string) func(loop.Date) string {
	holiday, ok := loop.Holidays(country)
	switch {
	case ok:
	case strings.HasSuffix(strings.ToLower(country), ".ics") || strings.ContainsAny(country, `/\`):
		holiday, err := readCalendars(r.path(country))
		if err != nil {
			r.markFile(path, "%sholidays %q: %v", who, country, err)
		}
		return holiday
	default:
		countries := slices.DeleteFunc(loop.HolidayCountries(), func(c string) bool { return len(c) > 2 })
		r.mark(path, "%sholidays %q is no country that is known here: use one of %s, or a part as \"de-by\", or an .ics file or a folder of them as \"calendars/\", or leave it out", who, country, strings.Join(countries, " "))
	}
	return holiday
}

func (r *configReader) hours(path, who, value string) loop.Hours {
	h, err := loop.ParseHours(value)
	if err != nil {
		r.mark(path, "%s%s: %v", who, lastKey(path), err)
	}
	return h
}

func (r *configReader) minute(path, who, value string) loop.Minute {
	m, err := loop.ParseMinute(value)
	if err != nil {
		r.mark(path, "%s%s: %v", who, lastKey(path), err)
	}
	return m
}

// minuteOrOff reads a person's own time of a letter.
func (r *configReader) minuteOrOff(path, who, value string) loop.Minute {
	if value == "off" {
		return loop.Never
	}
	m, err := loop.ParseMinute(value)
	if err != nil {
		r.mark(path, "%s%s: %v or \"off\"", who, lastKey(path), err)
	}
	return m
}

// weekly reads "fri 15:00" or "off".
func (r *configReader) weekly(path, who, value string) loop.Weekly {
	if value == "off" {
		return loop.Weekly{}
	}
	w, err := loop.ParseWeekly(value)
	if err != nil {
		r.mark(path, "%sweekly %q: %v; the whole is as \"fri 15:00\", or \"off\"", who, value, err)
	}
	return w
}

// days reads a number of business days.
func (r *configReader) days(path, who string, value, standard int) int {
	if !r.has(path) {
		return standard
	}
	if value < 1 || value > 60 {
		r.mark(path, "%s%s %d: want 1 to 60 business days; %d is usual", who, lastKey(path), value, standard)
	}
	return value
}

// name refuses what could not stand in a header.
func (r *configReader) name(path, who, value string) {
	if strings.ContainsFunc(value, isControl) || len(value) > 120 {
		r.mark(path, "%sname: want one line of at most 120 bytes without control characters", who)
	}
}

// number of the table at this path, from 1.
func number(path string) int {
	var n int
	fmt.Sscan(path[strings.LastIndexByte(path, '.')+1:], &n)
	return n + 1
}
