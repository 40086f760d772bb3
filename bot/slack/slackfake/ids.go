package slackfake

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

const (
	idLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	idSpace   = 101559956668416 // 36^9
	idStep    = 61803398874989  // has no factor in common with idSpace, so n*idStep never repeats within it
)

// newID makes an id in Slack's form, such as C0A7QK2M9XZ, that this server gives out once.
// Servers made at other times give others. Caller holds s.mu.
func (s *Server) newID(prefix string) string {
	s.ids++
	hi, lo := bits.Mul64(uint64(s.ids+s.idStart), idStep)
	v := bits.Rem64(hi, lo, idSpace)
	b := []byte(prefix + "0")
	for range 9 {
		b = append(b, idLetters[v%36])
		v /= 36
	}
	return string(b)
}

// secret makes n hex digits that nobody outside can guess from others. Caller holds s.mu.
func (s *Server) secret(n int) string {
	s.ids++
	sum := sha256.Sum256(fmt.Appendf(nil, "%d/%d/%s", s.idStart, s.ids, s.opt.SigningSecret))
	return hex.EncodeToString(sum[:])[:n]
}

func (s *Server) uuid() string {
	x := s.secret(32)
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
