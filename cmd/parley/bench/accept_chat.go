package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"parley/channels/graph"
)

// chatTarget: a WhatsApp webhook is not much dearer than a Slack event.
const chatTarget = 0.9

const (
	chatSecret    = "bench-app-secret"
	chatNumber    = "105500000000001"
	chatCustomers = 200 // so few that many of their messages wait together and share a post
)

// chatAccount is the WhatsApp number that gets the webhooks; nothing is sent from it.
const chatAccount = `  - {name: wa, kind: whatsapp, team: Team0, whatsapp: {phone_number_id: "` + chatNumber + `", waba_id: "206600000000001",
      token: bench-token, app_secret: ` + chatSecret + `, verify_token: bench-verify}}
`

// measureChat: how fast signed WhatsApp webhooks become durable, against Slack events.
func measureChat(b *bench, ctx context.Context) (_ map[string]Figure, err error) {
	w, err := startWorld(ctx, b, worldOptions{slack: &slackOptions{channels: 8}, config: func(w *world) string { return w.slackConfig(chatAccount) }})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	c, err := w.parley(ctx, parleyOptions{args: b.measured()})
	if err != nil {
		return nil, err
	}
	slack := &flood{w: w, c: c, conns: acceptClients, says: everywhere}
	chat := &flood{w: w, c: c, conns: acceptClients}
	chat.senders = func(lane int) sender { return newChatSender(chat, lane) }
	span := b.span(2*time.Second, time.Second)
	var details []map[string]float64
	held := func(ctx context.Context, f *flood) (float64, map[string]float64, error) {
		c.hold(true)
		return f.burst(ctx, span, func(a answered) error {
			defer c.hold(false) // only here: two signals in a row may come in any order
			return f.stillHeld(ctx, a)
		})
	}
	m, err := b.bracket(ctx, b.rounds(),
		func(ctx context.Context) (float64, error) {
			rate, _, err := held(ctx, slack)
			return rate, err
		},
		func(ctx context.Context) (float64, error) {
			rate, d, err := held(ctx, chat)
			details = append(details, d)
			return rate, err
		})
	if err != nil {
		return nil, err
	}
	fig := atLeast(chatTarget, "ratio", m.ratios()...).with(middle(kept(m, details))).with(map[string]float64{"slack_per_s": median(m.references())})
	fig.Note = m.note
	return map[string]Figure{"accept_chat": fig}, nil
}

// chatSender writes webhooks of one text message each, as the Cloud API sends them.
// Source: developers.facebook.com/documentation/business-messaging/whatsapp, webhooks, messages.
type chatSender struct {
	address string
	lane, n int
	body    []byte
	buf     []byte
}

func newChatSender(f *flood, lane int) *chatSender {
	return &chatSender{address: f.c.address, lane: lane, n: f.lanes * 1_000_000}
}

func (s *chatSender) next(n int) (request []byte, fact string) {
	s.n++
	id := fmt.Sprintf("wamid.HBgLMTU1NTAxMDAwMDAVAgASGBQ%02d%09d", s.lane, s.n)
	phone := fmt.Sprintf("1555%07d", n%chatCustomers)
	s.body = fmt.Appendf(s.body[:0], `{"object":"whatsapp_business_account","entry":[{"id":"206600000000001","changes":[{"value":{"messaging_product":"whatsapp",`+
		`"metadata":{"display_phone_number":"15550000001","phone_number_id":%[1]q},"contacts":[{"profile":{"name":"Customer %[2]s"},"wa_id":%[2]q,"user_id":"US.%[2]s"}],`+
		`"messages":[{"from":%[2]q,"from_user_id":"US.%[2]s","id":%[3]q,"timestamp":"%[4]d","text":{"body":"Hello, is my parcel %[5]d on its way? I have been waiting for a week."},"type":"text"}]},"field":"messages"}]}]}`,
		chatNumber, phone, id, time.Now().Unix(), s.n)
	b := append(s.buf[:0], "POST /hooks/wa HTTP/1.1\r\nHost: "...)
	b = append(append(b, s.address...), "\r\nContent-Type: application/json\r\nUser-Agent: facebookexternalua\r\nX-Hub-Signature-256: "...)
	b = append(b, graph.Sign([]byte(chatSecret), s.body)...)
	b = strconv.AppendInt(append(b, "\r\nContent-Length: "...), int64(len(s.body)), 10)
	s.buf = append(append(b, "\r\n\r\n"...), s.body...)
	return s.buf, "m:" + id
}
