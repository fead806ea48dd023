package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"gatepost/loop"
	"gatepost/mailin"
	"gatepost/mailout"
	"gatepost/store"
)

// crashVar names the environment variable for campaigns that kill the service:
// "step:3" ends it, as kill -9 does, when it comes to that point the third time.
const crashVar = "GATEPOST_CRASH"

// crashPoints are the places between two commits where a crash could lose or
// double something, in the order in which a mail passes them.
var crashPoints = []string{
	"fetched",   // a mail was fetched, and is not in the store yet
	"stored",    // it is in the store; the server was not touched
	"step",      // it was read; nothing of it is committed
	"committed", // it happened; nobody was told
	"composed",  // a letter was put into words; its bytes are not kept
	"kept",      // its bytes are kept; nothing went out
	"data",      // just before the server is given the letter
	"taken",     // the server has it; that is not noted
	"sent",      // that is noted
}

// crash is where this process is to end. The nil crash does nothing.
type crash struct {
	point string
	left  atomic.Int64
}

func crashFromEnv() (*crash, error) {
	spec := os.Getenv(crashVar)
	if spec == "" {
		return nil, nil
	}
	point, times, _ := strings.Cut(spec, ":")
	n, err := strconv.Atoi(times)
	for _, p := range crashPoints {
		if p == point && err == nil && n > 0 {
			c := &crash{point: point}
			c.left.Store(int64(n))
			return c, nil
		}
	}
	return nil, fmt.Errorf("%s=%q: want POINT:TIMES with one of %s", crashVar, spec, strings.Join(crashPoints, ", "))
}

// at ends the process if this is the place.
func (c *crash) at(point string) {
	if c == nil || c.point != point || c.left.Add(-1) != 0 {
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // not a step further
}

// crashing puts the points between the loops and what they call.
func (s *service) crashing(c *crash) {
	if c == nil {
		return
	}
	s.steps.crash = c
	for _, l := range s.letters {
		l.Outbox = crashingOutbox{l.Outbox, c}
		if pool, ok := l.Sender.(*mailout.Pool); ok {
			l.Sender = crashingSender{pool, c}
		}
	}
}

type crashingReceiver struct {
	*store.DB
	crash *crash
}

// ReceiveAll implements mailin.Receiver.
func (r crashingReceiver) ReceiveAll(ctx context.Context, mailbox string, uidvalidity uint32, mails []mailin.Arrived) ([]bool, error) {
	for range mails {
		r.crash.at("fetched")
	}
	fresh, err := r.DB.ReceiveAll(ctx, mailbox, uidvalidity, mails)
	for range mails {
		r.crash.at("stored")
	}
	return fresh, err
}

// ReceiveLarge implements mailin.Receiver.
func (r crashingReceiver) ReceiveLarge(ctx context.Context, mailbox string, uidvalidity, uid uint32, at time.Time, arrive func(keep func([]byte) error) error) (bool, error) {
	fresh, err := r.DB.ReceiveLarge(ctx, mailbox, uidvalidity, uid, at, func(keep func([]byte) error) error {
		err := arrive(keep)
		r.crash.at("fetched")
		return err
	})
	r.crash.at("stored")
	return fresh, err
}

type crashingOutbox struct {
	mailout.Outbox
	crash *crash
}

// KeepPost implements mailout.Outbox.
func (o crashingOutbox) KeepPost(ctx context.Context, posts ...*loop.Post) error {
	o.crash.at("composed")
	err := o.Outbox.KeepPost(ctx, posts...)
	o.crash.at("kept")
	return err
}

// SentPost implements mailout.Outbox.
func (o crashingOutbox) SentPost(ctx context.Context, at time.Time, serials ...int64) error {
	o.crash.at("taken")
	err := o.Outbox.SentPost(ctx, at, serials...)
	o.crash.at("sent")
	return err
}

type crashingSender struct {
	*mailout.Pool
	crash *crash
}

// Send implements mailout.Sender.
func (s crashingSender) Send(ctx context.Context, from, to string, raw []byte) error {
	s.crash.at("data")
	return s.Pool.Send(ctx, from, to, raw)
}

// Line is a connection of the pool, with the point before it.
func (s crashingSender) Line(i int) mailout.Sender { return crashingLine{s.Pool.Line(i), s.crash} }

type crashingLine struct {
	mailout.Sender
	crash *crash
}

// Send implements mailout.Sender.
func (s crashingLine) Send(ctx context.Context, from, to string, raw []byte) error {
	s.crash.at("data")
	return s.Sender.Send(ctx, from, to, raw)
}
