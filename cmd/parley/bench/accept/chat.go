package accept

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/channels/graph"
	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/load"
	"parley/cmd/parley/bench/rig"
)

const (
	chatTarget    = 0.9 // accepted WhatsApp webhooks per accepted Slack event, at least
	chatSecret    = "bench-app-secret"
	chatNumber    = "105500000000001"
	chatCustomers = 200 // few, so that several messages of one customer are waiting at once and share a post
)

// chatAccount is the YAML of the WhatsApp account that receives the webhooks. Nothing is sent from it.
const chatAccount = `  - {name: wa, kind: whatsapp, team: Team0, ` +
	`whatsapp: {phone_number_id: "` + chatNumber + `", waba_id: "206600000000001",
      token: bench-token, app_secret: ` + chatSecret + `, verify_token: bench-verify}}
`

// MeasureChat compares two rates: how many signed WhatsApp webhooks Parley accepts per second, and how many
// signed Slack events. A request counts as accepted when Parley has stored it durably and answered with 2xx.
// Processing is paused during each measurement.
func MeasureChat(ctx context.Context, b *rig.Rig) (_ map[string]figure.Figure, err error) {
	slack, err := startFlood(ctx, b, chatAccount)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, slack.World.Close()) }()

	chat := &load.Flood{World: slack.World, Parley: slack.Parley, Conns: rig.Clients}
	chat.Senders = func(lane int) load.Sender { return newChatSender(chat, lane) }
	span := b.Span(2*time.Second, time.Second)
	measure := func(f *load.Flood) rig.Measurement[map[string]float64] {
		return func(ctx context.Context) (perSecond float64, details map[string]float64, err error) {
			f.Parley.Hold(true)
			return f.Burst(ctx, span, func(a load.Answered) error {
				defer f.Parley.Hold(false) // and not also in a defer: two signals in a row may arrive in reverse order
				return f.CheckHeld(ctx, a)
			})
		}
	}

	m, err := rig.Bracket(ctx, b, b.Rounds(), measure(slack), measure(chat))
	if err != nil {
		return nil, err
	}

	fig := figure.AtLeast(chatTarget, "ratio", m.Ratios()...).With(figure.MedianDetails(m.Found))
	fig = fig.With(map[string]float64{"slack_per_s": figure.Median(m.References)}).WithNote(m.Note)
	return map[string]figure.Figure{"accept_chat": fig}, nil
}

// chatSender is a load.Sender: it generates the requests of one connection. Each request is a signed webhook
// with one text message, as WhatsApp's Cloud API sends it. Source:
// developers.facebook.com/documentation/business-messaging/whatsapp, webhooks, messages.
type chatSender struct {
	address string
	lane    int    // number of the connection, part of each message id
	n       int    // number of the last message; starts above those of earlier runs
	body    []byte // JSON of the last request
	buf     []byte // the last request, with headers
}

func newChatSender(f *load.Flood, lane int) *chatSender {
	return &chatSender{address: f.Parley.Address, lane: lane, n: f.Runs * load.IDsPerRun}
}

// Next implements load.Sender.
func (s *chatSender) Next(n int) (request []byte, fact string) {
	s.n++
	id := fmt.Sprintf("wamid.HBgLMTU1NTAxMDAwMDAVAgASGBQ%02d%09d", s.lane, s.n)
	phone := fmt.Sprintf("1555%07d", n%chatCustomers)
	s.body = fmt.Appendf(s.body[:0],
		`{"object":"whatsapp_business_account","entry":[{"id":"206600000000001","changes":[{"value":{"messaging_product":"whatsapp",`+
			`"metadata":{"display_phone_number":"15550000001","phone_number_id":%[1]q},`+
			`"contacts":[{"profile":{"name":"Customer %[2]s"},"wa_id":%[2]q,"user_id":"US.%[2]s"}],`+
			`"messages":[{"from":%[2]q,"from_user_id":"US.%[2]s","id":%[3]q,"timestamp":"%[4]d",`+
			`"text":{"body":"Hello, is my parcel %[5]d on its way? I have been waiting for a week."},"type":"text"}]},`+
			`"field":"messages"}]}]}`,
		chatNumber, phone, id, time.Now().Unix(), s.n)
	s.buf = load.AppendPost(s.buf[:0], s.address, "/hooks/wa", s.body,
		"User-Agent: facebookexternalua", "X-Hub-Signature-256: "+graph.Sign([]byte(chatSecret), s.body))
	return s.buf, "m:" + id
}
