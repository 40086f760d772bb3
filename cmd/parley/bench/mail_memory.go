package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/channels/wire"
)

// This file measures an idle Parley, to which nobody writes: its memory and processor time with one mailbox,
// and its memory with a thousand mailboxes.

const (
	megabyte           = 1 << 20
	percent            = 100
	rssIdleTarget      = 40   // MB, at most
	rssMailboxesTarget = 150  // MB per thousand mailboxes, at most
	memoryBoxes        = 1000 // mailboxes in a full run
	shortMemoryBoxes   = 20   // the same in tests
)

// MeasureMemory returns three figures of an idle Parley: resident memory (rss_idle) and processor time
// (idle_cpu) with one mailbox, and the additional memory for each thousand mailboxes (rss_mailboxes).
func MeasureMemory(ctx context.Context, b *Rig) (map[string]Figure, error) {
	rss, cpu, err := measureIdle(ctx, b, b.Span(time.Minute, 3*time.Second))
	if err != nil {
		return nil, err
	}

	figures := map[string]Figure{
		"rss_idle": AtMost(rssIdleTarget, "MB", rss).WithNote("Socket Mode, one mailbox"),
		"idle_cpu": AtMost(1, "percent", cpu),
	}
	if b.LeavesOutLong() {
		figures["rss_mailboxes"] = AtMost(rssMailboxesTarget, "MB per 1000").LeftOutByQuick("connects 1,000 mailboxes")
		return figures, nil
	}

	boxes := Choose(b, memoryBoxes, memoryBoxes, shortMemoryBoxes)
	many, err := measureMailboxes(ctx, b, boxes)
	if err != nil {
		return nil, err
	}

	perThousand := (many - rss) / float64(boxes) * 1000
	f := AtMost(rssMailboxesTarget, "MB per 1000", perThousand).With(map[string]float64{"rss_mb": many})
	figures["rss_mailboxes"] = f.WithNote(fmt.Sprintf("%d mailboxes with TLS and IDLE", boxes))
	return figures, nil
}

// measureIdle returns the memory in MB, and the processor time in percent of one core, of an idle Parley with
// one mailbox.
func measureIdle(ctx context.Context, b *Rig, window time.Duration) (rss, cpu float64, err error) {
	w, err := startMailWorld(ctx, b, mailOptions{boxes: 1, viaSocket: true})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	c, err := w.serve(ctx)
	if err != nil {
		return 0, 0, err
	}

	wire.For(ctx, b.Span(5*time.Second, 2*time.Second)) // until the work that follows a start is done

	if cpu, err = cpuOver(ctx, c, window); err != nil {
		return 0, 0, err
	}

	u, err := c.Usage()
	return float64(u.RSS) / megabyte, cpu, err
}

// cpuOver returns how many percent of one core a process uses over the next window.
func cpuOver(ctx context.Context, c *Child, window time.Duration) (float64, error) {
	begin := time.Now()
	before, err := c.CPU()
	if err != nil {
		return 0, err
	}
	if !wire.For(ctx, window) {
		return 0, ctx.Err()
	}
	after, err := c.CPU()
	return (after - before).Seconds() / time.Since(begin).Seconds() * percent, err
}

// measureMailboxes returns the memory in MB of an idle Parley with n mailboxes, connected by TLS.
func measureMailboxes(ctx context.Context, b *Rig, n int) (rss float64, err error) {
	w, err := startMailWorld(ctx, b, mailOptions{boxes: n, tls: true, viaSocket: true})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	c, err := w.serve(ctx)
	if err != nil {
		return 0, err
	}
	wire.For(ctx, b.Span(20*time.Second, time.Second)) // until the garbage of the TLS handshakes is collected
	u, err := c.Usage()
	return float64(u.RSS) / megabyte, err
}
