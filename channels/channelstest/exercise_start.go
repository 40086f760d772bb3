package channelstest

import (
	"testing"
	"time"

	"parley/channels"
)

// exerciseStart: who may begin a conversation reads recipients, and says in words what is
// none; who may not doesn't offer to. Where any text may begin, it does.
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
		p, err := starter.Recipient(bad)
		if class := checkError(t, "recipient "+bad, err); class != channels.BadRecipient {
			t.Errorf("%q is the recipient %+v, class %s", bad, p, class)
		}
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
