package accept

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"parley/channels/graph"
	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/load"
	"parley/cmd/parley/bench/rig"
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

// MeasureChat finds how fast signed WhatsApp webhooks become durable, against Slack events.
func MeasureChat(ctx context.Context, b *rig.Rig) (_ map[string]figure.Figure, err error) {
	w, err := startWorld(ctx, b, chatAccount)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	c, err := w.StartParley(ctx, rig.ParleyOptions{Args: b.MeasuredArgs()})
	if err != nil {
		return nil, err
	}

	slack := &load.Flood{World: w, Parley: c, Conns: rig.Clients, Says: load.Everywhere}
	chat := &load.Flood{World: w, Parley: c, Conns: rig.Clients}
	chat.Senders = func(lane int) load.Sender { return newChatSender(chat, lane) }
	span := b.Span(2*time.Second, time.Second)
	var details []map[string]float64
	held := func(ctx context.Context, f *load.Flood) (float64, map[string]float64, error) {
		c.Hold(true)
		return f.Burst(ctx, span, func(a load.Answered) error {
			defer c.Hold(false) // only here: two signals in a row may come in any order
			return f.CheckHeld(ctx, a)
		})
	}

	m, err := b.Bracket(ctx, b.Rounds(),
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

	fig := figure.AtLeast(chatTarget, "ratio", m.Ratios()...).With(figure.Middle(rig.Kept(m, details))).With(map[string]float64{"slack_per_s": figure.Median(m.References())})
	return map[string]figure.Figure{"accept_chat": fig.WithNote(m.Note)}, nil
}

// chatSender writes webhooks of one text message each, as the Cloud API sends them.
// Source: developers.facebook.com/documentation/business-messaging/whatsapp, webhooks, messages.
type chatSender struct {
	address string
	lane, n int
	body    []byte
	buf     []byte
}

func newChatSender(f *load.Flood, lane int) *chatSender {
	return &chatSender{address: f.Parley.Address, lane: lane, n: f.Runs * load.IDsPerRun}
}

// Next implements load.Sender.
func (s *chatSender) Next(n int) (request []byte, fact string) {
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
