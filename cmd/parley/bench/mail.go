package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
	"parley/channels/wire"
)

// errMail means that a mail is missing, was duplicated, or is not in its thread.
var errMail = errors.New("bench: mail: lost or doubled")

const (
	mailRatioTarget  = 0.05 // mails per inserted row of the reference, at least
	mailCPUTarget    = 5    // processor time in ms per mail, at most
	mailThreadTarget = 0.5  // seconds until a mail is in its thread, at most
	rssLoadTarget    = 96   // MB, at most

	boxMails     = 2500 // sent at once
	quickMails   = 200  // the same with --quick
	shortMails   = 60   // the same in tests
	singleMails  = 60   // sent one at a time
	quickSingles = 10
	shortSingles = 3

	mailBytes    = 10 << 10
	firstOrder   = 40_000                 // order number in the subject of the first mail
	shops        = 50                     // number of different sender domains
	payloadBytes = 1000                   // bytes in a row of the reference: about the size of a stored event
	betweenMails = 100 * time.Millisecond // long enough for Parley to be idle again
	applyLook    = 20 * time.Millisecond  // how often to check whether the mails were processed
	mailWithin   = 5 * time.Minute        // limit for all mails to be processed
	threadWithin = 30 * time.Second       // limit for one mail to be in its thread
)

// MeasureMail measures a Parley that fetches mails from a local IMAP mailbox. The mail server runs in the process
// of the benchmark, so that Parley's processor time and memory don't include it.
func MeasureMail(ctx context.Context, b *Rig) (_ map[string]Figure, err error) {
	w, err := startMailWorld(ctx, b, mailOptions{boxes: 1})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	c, err := w.serve(ctx)
	if err != nil {
		return nil, err
	}

	run := &mailRun{mailWorld: w, c: c, count: Choose(b, boxMails, quickMails, shortMails)}
	figures, err := run.measureImport(ctx)
	if err != nil {
		return nil, err
	}
	if figures["mail_thread_p95"], err = run.measureThreads(ctx, b); err != nil {
		return nil, err
	}

	wire.For(ctx, b.Span(5*time.Second, time.Second)) // until Parley is idle
	cpu, err := cpuOver(ctx, c, b.Span(time.Minute, 3*time.Second))
	if err != nil {
		return nil, err
	}

	figures["mail_idle_cpu"] = AtMost(1, "percent", cpu).WithNote(fmt.Sprintf("%d mails in the box", run.written))
	u, err := c.Usage()
	figures["rss_load"] = AtMost(rssLoadTarget, "MB", float64(u.Peak)/megabyte)
	return figures, err
}

// mailRun is a measurement of one Parley with one mailbox.
type mailRun struct {
	*mailWorld

	c       *Child
	count   int // number of mails that fetch sends
	written int // number of mails composed so far
}

// measureImport measures how fast Parley processes mails that arrive all at once, and the processor time per
// mail.
func (r *mailRun) measureImport(ctx context.Context) (map[string]Figure, error) {
	payload := make([]byte, payloadBytes)
	m, err := Bracket(ctx, r.Rig, r.Rig.Rounds(), r.MeasureReference(1, payload), r.fetch)
	if err != nil {
		return nil, err
	}

	ratio := AtLeast(mailRatioTarget, "ratio", m.Ratios()...)
	ratio = ratio.WithNote(JoinNotes(fmt.Sprintf("%d mails, each from somebody new", r.count), m.Note))
	ratio = ratio.With(map[string]float64{
		"mails_per_second":   Median(m.Values),
		"inserts_per_second": Median(m.References),
	})
	cpuMS := AtMost(mailCPUTarget, "ms", m.Found...).WithNote("per 10 kB mail with 2 kB of words, posts to Slack included")
	return map[string]Figure{"mail_ratio": ratio, "mail_cpu_ms": cpuMS}, nil
}

// fetch sends r.count mails at once and waits until Parley has processed and posted them all. rate is the
// number of mails processed per second, cpuMS Parley's processor time per mail.
func (r *mailRun) fetch(ctx context.Context) (rate, cpuMS float64, err error) {
	mails := make([]mailfake.Mail, r.count)
	for i := range mails {
		mails[i] = r.composeMail()
	}

	before, err := r.c.CPU()
	if err != nil {
		return 0, 0, err
	}

	begin := time.Now()

	for _, m := range mails {
		if err := r.send(m); err != nil {
			return 0, 0, err
		}
	}

	if err := r.waitUntilApplied(ctx); err != nil {
		return 0, 0, err
	}

	took := time.Since(begin)

	if err := r.Drain(ctx, mailWithin); err != nil {
		return 0, 0, err
	}

	after, err := r.c.CPU()
	if err != nil {
		return 0, 0, err
	}

	n := float64(len(mails))
	return n / took.Seconds(), MS(after-before) / n, r.checkThreads(ctx)
}

// send sends a mail as its customer.
func (r *mailRun) send(m mailfake.Mail) error {
	if _, err := r.mail.Customer(m.From).Send(m); err != nil {
		return fmt.Errorf("bench: mail: send: %w", err)
	}
	return nil
}

// composeMail composes a mail of 10 kB from a new customer: 2 kB of words, as plain text and as verbose HTML,
// like mail programs write it.
func (r *mailRun) composeMail() mailfake.Mail {
	r.written++
	const (
		sentence = "The parcel came on Thursday, but the lamp in it has a crack along its foot. "
		begin    = `<p style="margin:0 0 12px 0;font-family:Arial,Helvetica,sans-serif;font-size:14px;line-height:20px;color:#333333">` +
			`<span lang="EN-GB">`
		end = "</span></p>\n"
	)
	sentences := mailBytes / (2*len(sentence) + len(begin) + len(end))
	return mailfake.Mail{
		From:    fmt.Sprintf("Customer %d <customer%d@shop%d.test>", r.written, r.written, r.written%shops),
		To:      []string{mailboxAddress(0)},
		Subject: fmt.Sprintf("Broken lamp, order %d", firstOrder+r.written),
		Text:    strings.Repeat(sentence, sentences),
		HTML:    "<html><body>" + strings.Repeat(begin+sentence+end, sentences) + "</body></html>",
	}
}

const countMails = `SELECT count(*) FROM messages WHERE direction = 'in'`

// waitUntilApplied waits until every mail is stored as a message of a conversation.
func (r *mailRun) waitUntilApplied(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, mailWithin)
	defer cancel()

	for {
		var n int
		if err := r.Pool.QueryRow(ctx, countMails).Scan(&n); err != nil {
			return fmt.Errorf("bench: mail: count messages: %w", err)
		}
		if n >= r.written {
			return nil
		}
		if !wire.For(ctx, applyLook) {
			return fmt.Errorf("%w: %d of %d mails were applied", ErrNotDrained, n, r.written)
		}
	}
}

const countConversations = `SELECT count(*), count(DISTINCT subject) FROM conversations WHERE kind = 'customer'`

// checkThreads checks that each mail became exactly one message, one conversation and one thread.
//
// Errors: errMail.
func (r *mailRun) checkThreads(ctx context.Context) error {
	var conversations, distinct, messages int
	if err := r.Pool.QueryRow(ctx, countConversations).Scan(&conversations, &distinct); err != nil {
		return fmt.Errorf("bench: mail: count conversations: %w", err)
	}
	if err := r.Pool.QueryRow(ctx, countMails).Scan(&messages); err != nil {
		return fmt.Errorf("bench: mail: count messages: %w", err)
	}

	roots := len(r.Slack.Messages(SupportChannel(0)))
	isOther := func(n int) bool { return n != r.written }
	if slices.ContainsFunc([]int{conversations, distinct, messages, roots}, isOther) {
		return fmt.Errorf("%w: %d mails, %d messages, %d conversations (%d distinct), %d threads", errMail, r.written, messages,
			conversations, distinct, roots)
	}

	return nil
}

// measureThreads measures how long it takes until a single mail is posted in its thread.
func (r *mailRun) measureThreads(ctx context.Context, b *Rig) (Figure, error) {
	mails := Choose(b, singleMails, quickSingles, shortSingles)
	times, err := r.timeMails(ctx, mails)
	if err != nil {
		return Figure{}, err
	}
	f := AtMost(mailThreadTarget, "seconds", Percentile(times, 0.95))
	f = f.With(map[string]float64{"p50": Median(times), "max": Percentile(times, 1)})
	return f.WithNote(fmt.Sprintf("%d mails, one at a time", mails)), nil
}

// timeMails sends mails one at a time and returns how long each took to reach its thread, in seconds.
func (r *mailRun) timeMails(ctx context.Context, mails int) (times []float64, err error) {
	for range mails {
		took, err := r.timeMail(ctx)
		if err != nil {
			return nil, err
		}
		times = append(times, took.Seconds())
		wire.For(ctx, betweenMails)
	}
	if err := r.Drain(ctx, threadWithin); err != nil {
		return nil, err
	}
	return times, r.checkThreads(ctx)
}

// timeMail sends one mail and returns how long it took until its text was posted in a thread.
func (r *mailRun) timeMail(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, threadWithin)
	defer cancel()
	changes := r.Slack.Subscribe()
	m := r.composeMail()
	begin := time.Now()
	if err := r.send(m); err != nil {
		return 0, err
	}

	for {
		list, err := changes.Next(ctx)
		if err != nil {
			return 0, fmt.Errorf("%w: not in a thread within %s", errMail, threadWithin)
		}

		for _, c := range list {
			if isReply(c) {
				return c.At.Sub(begin), nil
			}
		}
	}
}

// isReply reports whether a change in Slack is a message in a thread, other than the first one.
func isReply(c slackfake.Change) bool {
	isRoot := c.Thread == "" || c.Thread == c.TS
	return c.Kind == "message" && !isRoot
}
