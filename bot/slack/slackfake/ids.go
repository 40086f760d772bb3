package slackfake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"sync"
	"time"

	"parley/channels/emulator"
)

const (
	idLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	idSpace   = 101559956668416 // 36^9
	idStep    = 61803398874989  // has no factor in common with idSpace, so n*idStep never repeats within it
)

// ground is what all parts of a workspace stand on: its options, one lock for everything that
// changes, clock, ids and the log of changes.
type ground struct {
	opt  Options
	host *emulator.Host
	ctx  context.Context //nolint:containedctx // of host; owns every goroutine of the workspace
	log  *emulator.Changes[Change]

	mu       sync.Mutex
	ids      int64
	idStart  int64  // differs between servers, unless their clock stands
	calledAt string // the host that the last API call was sent to, with its scheme
}

func (g *ground) now() time.Time { return g.opt.Clock() }

// home is the base of addresses given to the app. Caller holds the lock.
func (g *ground) home() string {
	switch {
	case g.opt.PublicURL != "":
		return g.opt.PublicURL
	case g.calledAt != "":
		return g.calledAt
	}
	return g.host.URL()
}

// newID makes an id in Slack's form, such as C0A7QK2M9XZ, that this server gives out once.
// Servers made at other times give others. Caller holds the lock.
func (g *ground) newID(prefix string) string {
	g.ids++
	hi, lo := bits.Mul64(uint64(g.ids+g.idStart), idStep)
	v := bits.Rem64(hi, lo, idSpace)
	b := []byte(prefix + "0")
	for range 9 {
		b = append(b, idLetters[v%36])
		v /= 36
	}
	return string(b)
}

// secret makes n hex digits that nobody outside can guess from others. Caller holds the lock.
func (g *ground) secret(n int) string {
	g.ids++
	sum := sha256.Sum256(fmt.Appendf(nil, "%d/%d/%s", g.idStart, g.ids, g.opt.SigningSecret))
	return hex.EncodeToString(sum[:])[:n]
}

func (g *ground) uuid() string {
	x := g.secret(32)
	return x[:8] + "-" + x[8:12] + "-4" + x[13:16] + "-a" + x[17:20] + "-" + x[20:32]
}

// nextTS gives the channel's next time stamp: strictly rising even when the clock stands.
func (c *channel) nextTS(now time.Time) string {
	us := max(now.UnixMicro(), c.lastTS+1)
	c.lastTS = us
	return formatTS(us)
}

func formatTS(us int64) string {
	return fmt.Sprintf("%d.%06d", us/1e6, us%1e6)
}

// parseTS turns a time stamp into microseconds; ok is false for anything else.
func parseTS(ts string) (us int64, ok bool) {
	sec, frac, dot := strings.Cut(ts, ".")
	if sec == "" || len(sec) > 12 || len(frac) > 6 {
		return 0, false
	}
	a, err := strconv.ParseUint(sec, 10, 63)
	if err != nil {
		return 0, false
	}
	if !dot {
		return int64(a) * 1e6, true
	}
	b, err := strconv.ParseUint((frac + "000000")[:6], 10, 63)
	if err != nil {
		return 0, false
	}
	return int64(a)*1e6 + int64(b), true
}
