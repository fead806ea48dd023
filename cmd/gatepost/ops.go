package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// operation serves /healthz, /readyz and /metrics, and profiles if that is
// asked for, until ctx ends; address "" serves nothing. It answers on loopback alone, which the config was checked
// for, and shows numbers and no mail. A port that cannot be had is told and
// stops nothing else.
func (l *lookout) operation(ctx context.Context, address string, profiles bool) error {
	if address == "" {
		<-ctx.Done()
		return nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		l.log.Error("no /healthz, /readyz and /metrics: choose another port for listen of [operator]", "listen", address, "err", err)
		<-ctx.Done()
		return nil
	}
	server := &http.Server{Handler: l.handler(profiles), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(l.log.Handler(), slog.LevelDebug)}
	if profiles {
		server.WriteTimeout = 5 * time.Minute // a profile is written when its seconds are over
	}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (l *lookout) handler(profiles bool) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(l, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		_, err := l.db.Counts(ctx)
		answer(w, err)
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), 5*time.Second) // an alert is written even if the asker leaves
		defer cancel()
		l.look(ctx)
		var err error
		if why := l.unready(); why != "" {
			err = errors.New(why)
		}
		answer(w, err)
	})
	if profiles {
		servePprof(mux)
	}
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return mux
}

// answer is 200 and ok, or 503 and the reason.
func answer(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, err.Error()+"\n") // who asked has gone
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}

var (
	buildInfo      = prometheus.NewDesc("gatepost_build_info", "The build that runs; always 1.", []string{"version"}, nil)
	polledAt       = prometheus.NewDesc("gatepost_mailbox_read_timestamp_seconds", "When the mailbox was last read to its end.", []string{"mailbox"}, nil)
	mailsUnread    = prometheus.NewDesc("gatepost_mails_unread", "Mails stored and not read yet.", nil, nil)
	mailsHeld      = prometheus.NewDesc("gatepost_mails_held", "Mails held for a person to look at.", nil, nil)
	mailsParked    = prometheus.NewDesc("gatepost_mails_parked", "Mails that could not be read.", nil, nil)
	lettersWaiting = prometheus.NewDesc("gatepost_letters_waiting", "Letters not sent yet, those for working hours included.", nil, nil)
	lettersFailed  = prometheus.NewDesc("gatepost_letters_failed", "Letters refused for good.", nil, nil)
	overdue        = prometheus.NewDesc("gatepost_letters_overdue_seconds", "For how long the oldest letter that was tried in vain has been due; 0: none.", nil, nil)
	alarms         = prometheus.NewDesc("gatepost_alarm", "How many mailboxes or mail servers the operator has an alarm of without its all-clear.", []string{"what"}, nil)
)

// Describe implements prometheus.Collector.
func (l *lookout) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{buildInfo, polledAt, mailsUnread, mailsHeld, mailsParked, lettersWaiting, lettersFailed, overdue, alarms} {
		to <- d
	}
}

// Collect implements prometheus.Collector, from the database as it is now.
func (l *lookout) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	now := l.now()
	s := l.find(ctx, now)
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(buildInfo, 1, version())
	if s.err != nil {
		to <- prometheus.NewInvalidMetric(mailsUnread, s.err)
		return
	}
	waits := 0.0
	for _, p := range s.places {
		if !p.polled.IsZero() {
			gauge(polledAt, float64(p.polled.Unix()), p.name)
		}
		if !p.overdue.IsZero() {
			waits = max(waits, now.Sub(p.overdue).Seconds())
		}
	}
	gauge(mailsUnread, float64(s.counts.Unread))
	gauge(mailsHeld, float64(s.counts.Held))
	gauge(mailsParked, float64(s.counts.Parked))
	gauge(lettersWaiting, float64(s.counts.Waiting))
	gauge(lettersFailed, float64(s.counts.Failed))
	gauge(overdue, waits)
	l.mu.Lock()
	defer l.mu.Unlock()
	for what, name := range []string{"reading", "sending", "access"} {
		v := 0.0
		for _, w := range l.watches {
			if w.what == what && w.alarm {
				v++
			}
		}
		gauge(alarms, v, name)
	}
}
