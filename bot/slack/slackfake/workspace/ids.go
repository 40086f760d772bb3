// Package workspace is what all parts of the emulated Slack stand on: options, clock, ids, the log of changes, the one
// lock, what the app may do, what is due later, and the nouns of Slack with their JSON.
package workspace

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

// Ground is embedded by all parts of the emulated workspace, so that they share one clock, one lock and one log
// of changes. "The lock" in the emulator's comments is Ground.Mu.

const (
	idLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	idLength  = 9               // letters of an id behind its prefix and a 0
	idSpace   = 101559956668416 // 36^9: as many ids as there are
	idStep    = 61803398874989  // has no factor in common with idSpace, so n*idStep never repeats within it
)

// Ground is what all parts of a workspace share: its options, the lock for everything that changes, the clock,
// the ids and the log of changes.
type Ground struct {
	Opt  Options
	Host *emulator.Host
	Ctx  context.Context //nolint:containedctx // of host; owns every goroutine of the workspace
	Log  *emulator.Changes[Change]

	Mu       sync.Mutex // "the lock": guards everything in the workspace that changes
	IDs      int64      // counts ids and secrets; each gets its number
	idStart  int64      // differs between servers, unless their clock stands
	CalledAt string     // the host that the last API call was sent to, with its scheme
}

// New makes the Ground of a workspace. o has its defaults already.
func New(o Options, host *emulator.Host) *Ground {
	g := &Ground{Opt: o, Host: host, Ctx: host.Context(), idStart: (o.Clock().UnixMicro() + o.Seed) % idSpace}
	g.Log = emulator.NewChanges[Change](g.Ctx.Done())
	return g
}

// Now is Slack's time.
func (g *Ground) Now() time.Time { return g.Opt.Clock() }

// BaseURL is the base of addresses given to the app. Caller holds the lock.
func (g *Ground) BaseURL() string {
	if g.Opt.PublicURL != "" {
		return g.Opt.PublicURL
	}
	if g.CalledAt != "" {
		return g.CalledAt
	}
	return g.Host.URL()
}

// NewID makes an id in Slack's form, such as C0A7QK2M9XZ, that this server gives out once.
// Servers made at other times give others. Caller holds the lock.
func (g *Ground) NewID(prefix string) string {
	g.IDs++
	hi, lo := bits.Mul64(uint64(g.IDs+g.idStart), idStep)
	v := bits.Rem64(hi, lo, idSpace)
	b := []byte(prefix + "0")
	const letters = uint64(len(idLetters))
	for range idLength {
		b = append(b, idLetters[v%letters])
		v /= letters
	}
	return string(b)
}

// Secret makes n hex digits that nobody outside can guess from others. Caller holds the lock.
func (g *Ground) Secret(n int) string {
	g.IDs++
	sum := sha256.Sum256(fmt.Appendf(nil, "%d/%d/%s", g.idStart, g.IDs, g.Opt.SigningSecret))
	return hex.EncodeToString(sum[:])[:n]
}

// UUID makes an id in the form of a version 4 UUID. Caller holds the lock.
func (g *Ground) UUID() string {
	x := g.Secret(32)
	return x[:8] + "-" + x[8:12] + "-4" + x[13:16] + "-a" + x[17:20] + "-" + x[20:32]
}

// FormatTS writes microseconds as a time stamp.
func FormatTS(us int64) string { return fmt.Sprintf("%d.%06d", us/1e6, us%1e6) }

// ParseTS turns a time stamp into microseconds; ok is false for anything else.
func ParseTS(ts string) (us int64, ok bool) {
	sec, frac, dot := strings.Cut(ts, ".")
	const maxSeconds, maxFraction = 12, 6 // digits
	hasSeconds := sec != "" && len(sec) <= maxSeconds
	if !hasSeconds || len(frac) > maxFraction {
		return 0, false
	}

	a, err := strconv.ParseUint(sec, 10, 63)
	if err != nil {
		return 0, false
	}
	if !dot {
		return int64(a) * 1e6, true
	}

	b, err := strconv.ParseUint((frac + "000000")[:maxFraction], 10, 63)
	if err != nil {
		return 0, false
	}

	return int64(a)*1e6 + int64(b), true
}
