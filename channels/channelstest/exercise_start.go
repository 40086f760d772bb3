package channelstest

import (
	"fmt"
	"testing"
	"time"

	"parley/channels"
)

// exerciseStart checks conversations that agents begin. A channel is a channels.Starter exactly if it may begin them.
// It must read a recipient that somebody typed, and refuse nonsense with words for people. If free text may begin a
// conversation, it must send one.
func exerciseStart(t *testing.T, h Harness) {
	s := h.New(t)
	starter, ok := s.Channel.(channels.Starter)
	if starts := s.Channel.Capabilities().Start != channels.StartNever; starts != ok {
		t.Fatalf("it may begin conversations: %v; it reads recipients: %v", starts, ok)
	}
	if !ok {
		return
	}

	for _, bad := range []string{"", " ", "nobody at all, really!", "\x00"} {
		_, err := starter.Recipient(bad)
		wantClass(t, fmt.Sprintf("the recipient %q", bad), err, channels.BadRecipient)
	}

	known := s.Outbound(1, "x").To[0]
	p, err := starter.Recipient(known.Key)
	if err != nil || p.Key != known.Key {
		t.Errorf("the key %q is read as %q, %v", known.Key, p.Key, err)
	}

	if s.Channel.Capabilities().Start == channels.StartFree {
		o := s.Outbound(1, "good morning")
		o.To, o.LastIn = []channels.Party{p}, time.Time{}
		s.mustSend(t, o)
	}
}
