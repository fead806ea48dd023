package parse

import "gatepost/parse/internal/mime"

// Attachments hands every part of a mail that is not its text to f, decoded,
// in the order of Mail.Attachment. A mail that Read parks has none. The error
// of f ends it and comes back.
func Attachments(raw []byte, opt Options, f func(a Attached, content []byte) error) error {
	root, lim := parts(raw, opt)
	if root == nil {
		return nil
	}
	b := gather(root, lim)
	for i, p := range b.kept {
		if err := f(b.attached[i], p.Whole(lim)); err != nil {
			return err
		}
	}
	return nil
}

// Leaves hands every part that holds no parts to f, decoded, text or not. A
// mail that Read parks has none. The error of f ends it and comes back.
func Leaves(raw []byte, opt Options, f func(content []byte) error) error {
	root, lim := parts(raw, opt)
	var walk func(p *mime.Part) error
	walk = func(p *mime.Part) error {
		if len(p.Kids) == 0 {
			return f(p.Whole(lim))
		}
		for _, k := range p.Kids {
			if err := walk(k); err != nil {
				return err
			}
		}
		return nil
	}
	if root == nil {
		return nil
	}
	return walk(root)
}

// parts splits a mail; nil if it is one that Read parks.
func parts(raw []byte, opt Options) (*mime.Part, Limits) {
	lim := opt.Limits.Filled()
	if len(raw) > lim.Bytes {
		return nil, lim
	}
	raw = mime.OneBreak(raw)
	e := readEnvelope(raw, opt)
	if e.park != "" {
		return nil, lim
	}
	root, err := mime.Split(raw, e.Block, lim, nil)
	if err != nil {
		return nil, lim
	}
	return root, lim
}
