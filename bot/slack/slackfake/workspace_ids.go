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
	idLength  = 9               // letters of an id after the prefix and a 0
	idSpace   = 101559956668416 // 36^9, the number of ids
	idStep    = 61803398874989  // coprime to idSpace, so n*idStep modulo idSpace doesn't repeat
)

// Ground is embedded by all parts of a workspace, so that they share its options, clock, ids and log of
// changes, and one lock. In the emulator's comments, "the lock" is Ground.Mu.
type Ground struct {
	Opt  Options
	Host *emulator.Host
	Ctx  context.Context //nolint:containedctx // the host's context, which ends all goroutines of the workspace
	Log  *emulator.Changes[Change]

	Mu       sync.Mutex // "the lock": guards all mutable state of the workspace
	IDs      int64      // number of ids and secrets generated so far
	idStart  int64      // differs between servers, unless a test's clock returns the same time
	CalledAt string     // scheme and host of the last API call
}

// NewWorkspace returns the Ground of a workspace. Defaults must be set in o already; see Options.WithDefaults.
func NewWorkspace(o Options, host *emulator.Host) *Ground {
	g := &Ground{Opt: o, Host: host, Ctx: host.Context(), idStart: (o.Clock().UnixMicro() + o.Seed) % idSpace}
	g.Log = emulator.NewChanges[Change](g.Ctx.Done())
	return g
}

// Now returns Slack's time.
func (g *Ground) Now() time.Time { return g.Opt.Clock() }

// BaseURL returns the base of the URLs that the app receives. The caller holds the lock.
func (g *Ground) BaseURL() string {
	if g.Opt.PublicURL != "" {
		return g.Opt.PublicURL
	}
	if g.CalledAt != "" {
		return g.CalledAt
	}
	return g.Host.URL()
}

// NewID returns a new id in Slack's format, such as C0A7QK2M9XZ. Ids are unique within a server, and differ
// from those of servers created at other times. The caller holds the lock.
func (g *Ground) NewID(prefix string) string {
	g.IDs++
	hi, lo := bits.Mul64(uint64(g.IDs+g.idStart), idStep)
	number := bits.Rem64(hi, lo, idSpace)
	id := []byte(prefix + "0")
	const letters = uint64(len(idLetters))
	for range idLength {
		id = append(id, idLetters[number%letters])
		number /= letters
	}
	return string(id)
}

// Secret returns n hex digits, at most 64, that can't be guessed from other ids and secrets. The caller holds
// the lock.
func (g *Ground) Secret(n int) string {
	g.IDs++
	sum := sha256.Sum256(fmt.Appendf(nil, "%d/%d/%s", g.idStart, g.IDs, g.Opt.SigningSecret))
	return hex.EncodeToString(sum[:])[:n]
}

// UUID returns an id in the format of a version 4 UUID. The caller holds the lock.
func (g *Ground) UUID() string {
	digits := g.Secret(32)
	return digits[:8] + "-" + digits[8:12] + "-4" + digits[13:16] + "-a" + digits[17:20] + "-" + digits[20:32]
}

// FormatTS formats a time in microseconds since 1970 as Slack's time stamp: "1700000000.000100".
func FormatTS(us int64) string { return fmt.Sprintf("%d.%06d", us/1e6, us%1e6) }

// ParseTS parses Slack's time stamp, whose fraction is optional, and returns microseconds since 1970. ok is
// false if ts isn't valid.
func ParseTS(ts string) (us int64, ok bool) {
	whole, fraction, hasFraction := strings.Cut(ts, ".")
	const maxSeconds, maxFraction = 12, 6 // digits
	if whole == "" || len(whole) > maxSeconds || len(fraction) > maxFraction {
		return 0, false
	}

	seconds, err := strconv.ParseUint(whole, 10, 63)
	if err != nil {
		return 0, false
	}
	if !hasFraction {
		return int64(seconds) * 1e6, true
	}

	micros, err := strconv.ParseUint((fraction + "000000")[:maxFraction], 10, 63)
	if err != nil {
		return 0, false
	}

	return int64(seconds)*1e6 + int64(micros), true
}
