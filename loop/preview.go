package loop

import "time"

// Preview is the scheduled letter of one kind (digest, prompt, weekly) as p
// would get it at this moment, with what is known now. why says why it would
// not be sent then, "" if it would; with nothing to say the letter's Kind is
// empty.
func Preview(s *State, p *Person, kind Kind, at time.Time) (l Letter, why string) {
	at = at.UTC()
	c := &turn{s: s.fork(), in: Incoming{At: at}, now: at}
	day := DateOf(at, p.Zone)
	var b Body
	switch kind {
	case DigestMail:
		if !s.wantsDigest(p) || p.Digest == Never {
			why = "gets no digest"
		}
		b.Digest = s.Digest(p, day, at)
	case WeeklyMail:
		if !s.wantsReview(p) {
			why = "gets no weekly review"
		}
		if b.Review = c.review(p, day); b.Review == nil {
			return Letter{}, "nothing happened since the last review"
		}
	default:
		c.prompt(p, day, &b)
		if len(b.Tasks) == 0 {
			return Letter{}, "has no active task, or wrote about each of them today"
		}
	}
	if quiet := s.Calendar(p.Key()).quiet(day); why == "" {
		why = quiet
	}
	return *c.schedule(kind, p, b), why
}

// quiet says why nothing scheduled is sent on a day, "" on working days.
func (c Calendar) quiet(d Date) string {
	if !c.Hours.Days[d.Weekday()] {
		return d.Weekday().String() + " is not in the working week"
	}
	if c.Holiday != nil && c.Holiday(d) != "" {
		return "it is a holiday: " + c.Holiday(d)
	}
	if span, away := c.AwayOn(d); away {
		return "away until " + span.To.String()
	}
	return ""
}
