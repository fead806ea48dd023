package oauth

import (
	"context"
	"errors"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// Grant is what a person allowed once, kept in a file. It is safe for use by
// several goroutines and processes.
type Grant struct {
	Client Client
	File   string
}

// early is how long before its end an access token is replaced; a quarter of
// its life, if that is less.
const early = 5 * time.Minute

// Token is an access token that is good for a while yet, and is not the one
// that the mail server has just refused ("" for none). It asks the
// authorization server only where it must. An error wraps ErrGrant when a
// person has to log in again.
func (g *Grant) Token(ctx context.Context, refused string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*httpWait)
	defer cancel()
	unlock, err := g.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	k, err := g.read()
	if err != nil {
		return "", err
	}
	if k.Access != "" && k.Access != refused && !k.ending(g.Client.now()) {
		return k.Access, nil
	}
	if err := g.renew(ctx, k); err != nil {
		return "", err
	}
	return k.Access, nil
}

// Renew gets a new access token even if the present one is good, to see
// whether that works.
func (g *Grant) Renew(ctx context.Context) error {
	k, err := g.read()
	if err != nil {
		return err
	}
	_, err = g.Token(ctx, k.Access)
	return err
}

func (k *kept) ending(now time.Time) bool {
	if k.End.IsZero() {
		return false
	}
	return now.Add(min(early, k.End.Sub(k.Got)/4)).After(k.End)
}

// afterStop is how long an answer is waited for when ctx has ended meanwhile.
const afterStop = 5 * time.Second

// renew trades the refresh token in (RFC 6749 §6). The new tokens are in the
// file before anybody has them. A crash between the server's answer and the
// file loses a refresh token that rotates; then a person logs in again. A
// service that is stopped must not: its question is not taken back.
func (g *Grant) renew(ctx context.Context, k *kept) error {
	if k.Refresh == "" {
		return noGrant("token file %q has an access token that has ended and no refresh token: make it anew with `gatepost login`", g.File)
	}
	d, err := newDraft(g.File)
	if err != nil {
		return err
	}
	defer d.drop()
	c, err := g.Client.config("")
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	asking, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(afterStop, end) })()
	now := g.Client.now()
	t, err := c.TokenSource(g.Client.through(asking), &oauth2.Token{RefreshToken: k.Refresh}).Token()
	if err != nil {
		err = g.Client.said(err)
		if errors.Is(err, ErrGrant) {
			if k.Refused.IsZero() {
				k.Refused = now.UTC()
			}
			k.RefusedWhy = err.Error()
			err = errors.Join(err, d.put(k))
		}
		return err
	}
	k.take(t, now)
	return d.put(k)
}

// take what the server gave at now. What it does not mention stays as it was.
func (k *kept) take(t *oauth2.Token, now time.Time) {
	k.Access, k.Got, k.End = t.AccessToken, now.UTC(), time.Time{}
	if t.ExpiresIn > 0 {
		k.End = now.UTC().Add(time.Duration(t.ExpiresIn) * time.Second)
	}
	if t.RefreshToken != "" && t.RefreshToken != k.Refresh {
		k.Refresh, k.RefreshEnd = t.RefreshToken, time.Time{}
	}
	if seconds, ok := t.Extra("refresh_token_expires_in").(float64); ok && seconds > 0 {
		k.RefreshEnd = now.UTC().Add(time.Duration(seconds) * time.Second)
	}
	if scope, ok := t.Extra("scope").(string); ok && scope != "" {
		k.Scopes = strings.Fields(scope)
	}
	k.Refused, k.RefusedWhy = time.Time{}, ""
}

// keep writes the first tokens of a login.
func (g *Grant) keep(ctx context.Context, d *draft, t *oauth2.Token, now time.Time) error {
	if t.RefreshToken == "" {
		return errors.New("the server gave no refresh token, so access would end within the hour: allow offline access for this client")
	}
	unlock, err := g.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	k := &kept{Client: g.Client.ID, Granted: now.UTC()}
	k.take(t, now)
	return d.put(k)
}

// State is what is known of a grant without asking anybody.
type State struct {
	Granted    time.Time // when a person said yes
	End        time.Time // of the access token; zero: not known
	RefreshEnd time.Time // when a person has to say yes again; zero: not known
	Scopes     []string  // that were given
	Lacks      []string  // scopes that were asked for and not given
	Refused    time.Time // since when the server gives no new token; zero: it does
	Why        string    // it does not
}

// State reads the file. An error is one that Token would return.
func (g *Grant) State() (State, error) {
	k, err := g.read()
	if err != nil {
		return State{}, err
	}
	scopes := k.Scopes
	if len(scopes) == 0 {
		scopes = g.Client.Scopes // RFC 6749 §5.1
	}
	return State{Granted: k.Granted, End: k.End, RefreshEnd: k.RefreshEnd, Scopes: scopes, Lacks: g.Client.lacks(k.Scopes),
		Refused: k.Refused, Why: k.RefusedWhy}, nil
}
