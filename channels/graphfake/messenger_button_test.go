package graphfake

import (
	"fmt"
	"testing"
)

// Besides texts, quick replies ask for the customer's phone number or address, and buttons call and link accounts.
// Source: Messenger Platform, "Quick replies" and "Buttons".
func TestPageButtons(t *testing.T) {
	t.Parallel()
	r := newPageWorld(t)
	const wrong = "400 100/0"
	for reply, want := range map[string]string{
		`{"content_type":"text","title":"Red","payload":"red","image_url":"https://a.b/red.png"}`: "200",
		`{"content_type":"user_phone_number"}`:                                                    "200",
		`{"content_type":"user_email"}`:                                                           "200",
		`{"content_type":"user_shoe_size"}`:                                                       wrong,
	} {
		body := `{"recipient":{"id":"%P"},"messaging_type":"RESPONSE","message":{"text":"x","quick_replies":[` + reply + `]}}`
		wantEqual(t, fmt.Sprint("quick reply ", reply), r.send(t, body), want)
	}

	for button, want := range map[string]string{
		`{"type":"postback","title":"Go","payload":"go"}`:           "200",
		`{"type":"phone_number","title":"Call","payload":"+15551"}`: "200",
		`{"type":"phone_number","title":"Call","payload":"15551"}`:  wrong,
		`{"type":"account_link","url":"https://a.b/login"}`:         "200",
		`{"type":"account_link","url":"login"}`:                     wrong,
		`{"type":"account_unlink"}`:                                 "200",
		`{"type":"doorbell","title":"Ring","payload":"x"}`:          wrong,
	} {
		body := `{"recipient":{"id":"%P"},"messaging_type":"RESPONSE","message":{"attachment":{"type":"template",` +
			`"payload":{"template_type":"button","text":"x","buttons":[` + button + `]}}}}`
		wantEqual(t, fmt.Sprint("button ", button), r.send(t, body), want)
	}
}
