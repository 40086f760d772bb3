package slackfake

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
)

const idLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// newID makes an id in Slack's form, such as C0A7QK2M9XZ. Caller holds s.mu.
func (s *Server) newID(prefix string) string {
	s.ids++
	h := fnv.New64a()
	fmt.Fprintf(h, "%s/%d/%d", prefix, s.opt.Seed, s.ids)
	v := h.Sum64()
	b := []byte(prefix + "0")
	for range 9 {
		b = append(b, idLetters[v%36])
		v /= 36
	}
	return string(b)
}

// secret makes an unguessable-looking text of n hex digits, unique within the server.
func (s *Server) secret(n int) string {
	var b strings.Builder
	for b.Len() < n {
		s.ids++
		h := fnv.New64a()
		fmt.Fprintf(h, "secret/%d/%d", s.opt.Seed, s.ids)
		fmt.Fprintf(&b, "%016x", h.Sum64())
	}
	return b.String()[:n]
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
