package mail

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/rig"
)

// This file measures a Parley to which nobody writes: how much memory and processor time it needs with one mailbox,
// and how much memory with a thousand mailboxes.

const (
	megabyte           = 1 << 20
	percent            = 100
	rssIdleTarget      = 40   // MB
	rssMailboxesTarget = 150  // MB for each thousand
	memoryBoxes        = 1000 // mailboxes of a full run
	shortMemoryBoxes   = 20
)

// MeasureMemory measures memory and CPU of a Parley at rest.
func MeasureMemory(ctx context.Context, b *rig.Rig) (map[string]figure.Figure, error) {
	rss, cpu, err := measureIdle(ctx, b, b.Span(time.Minute, 3*time.Second))
	if err != nil {
		return nil, err
	}

	figures := map[string]figure.Figure{
		"rss_idle": figure.AtMost(rssIdleTarget, "MB", rss).WithNote("Socket Mode, one mailbox"),
		"idle_cpu": figure.AtMost(1, "percent", cpu),
	}
	if b.LeavesOutLong() {
		figures["rss_mailboxes"] = figure.AtMost(rssMailboxesTarget, "MB per 1000").LeftOutByQuick("connects 1,000 mailboxes")
		return figures, nil
	}

	boxes := rig.Choose(b, memoryBoxes, memoryBoxes, shortMemoryBoxes)
	many, err := measureMailboxes(ctx, b, boxes)
	if err != nil {
		return nil, err
	}

	perThousand := (many - rss) / float64(boxes) * 1000
	f := figure.AtMost(rssMailboxesTarget, "MB per 1000", perThousand).With(map[string]float64{"rss_mb": many})
	figures["rss_mailboxes"] = f.WithNote(fmt.Sprintf("%d mailboxes with TLS and IDLE", boxes))
	return figures, nil
}

// measureIdle returns memory in MB and CPU in percent of a core of a Parley with nothing to do.
func measureIdle(ctx context.Context, b *rig.Rig, window time.Duration) (rss, cpu float64, err error) {
	w, err := startMailWorld(ctx, b, mailOptions{boxes: 1, viaSocket: true})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	c, err := w.serve(ctx)
	if err != nil {
		return 0, 0, err
	}

	pause.For(ctx, b.Span(5*time.Second, 2*time.Second)) // the start leaves work behind, which is not measured

	if cpu, err = cpuOver(ctx, c, window); err != nil {
		return 0, 0, err
	}

	u, err := c.Usage()
	return float64(u.RSS) / megabyte, cpu, err
}

// cpuOver returns the percentage of one core that a process uses.
func cpuOver(ctx context.Context, c *rig.Child, window time.Duration) (float64, error) {
	begin := time.Now()
	before, err := c.CPU()
	if err != nil {
		return 0, err
	}
	if !pause.For(ctx, window) {
		return 0, ctx.Err()
	}
	after, err := c.CPU()
	return (after - before).Seconds() / time.Since(begin).Seconds() * percent, err
}

// measureMailboxes returns the memory in MB with so many idle mailboxes.
func measureMailboxes(ctx context.Context, b *rig.Rig, n int) (rss float64, err error) {
	w, err := startMailWorld(ctx, b, mailOptions{boxes: n, tls: true, viaSocket: true})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	c, err := w.serve(ctx)
	if err != nil {
		return 0, err
	}
	pause.For(ctx, b.Span(20*time.Second, time.Second)) // until what the TLS handshakes allocated is collected
	u, err := c.Usage()
	return float64(u.RSS) / megabyte, err
}
