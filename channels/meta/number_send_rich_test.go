package meta

import (
	"testing"

	"parley/channels"
)

// richMessage is a rich message of ours to Ann, with the text "Hi".
func richMessage(rich channels.Rich) channels.Outbound {
	o := outbound(12, "Hi")
	o.Rich = &rich
	return o
}

// Buttons become answers or links. WhatsApp has no message with both, so a link beside answers is written into the text. A
// button without an id is known by its title.
// Requirement R-060: WhatsApp's buttons and lists.
func TestSendButtons(t *testing.T) {
	t.Parallel()
	yes := channels.Button{ID: "y", Title: "Yes"}
	no := channels.Button{Title: "No"}
	shop := channels.Button{Title: "Shop", URL: "https://acme.test"}
	tests := []struct {
		name    string
		buttons []channels.Button
		want    string
	}{
		{
			name:    "answers",
			buttons: []channels.Button{yes, no},
			want: `"type": "interactive", "interactive": {"type": "button", "body": {"text": "Hi"}, "action": {"buttons": [
				{"type": "reply", "reply": {"id": "y", "title": "Yes"}},
				{"type": "reply", "reply": {"id": "No", "title": "No"}}]}}`,
		},
		{
			name:    "answers and a link",
			buttons: []channels.Button{yes, no, shop},
			want: `"type": "interactive", "interactive": {"type": "button", "body": {"text": "Hi\nShop: https://acme.test"}, "action": {"buttons": [
				{"type": "reply", "reply": {"id": "y", "title": "Yes"}},
				{"type": "reply", "reply": {"id": "No", "title": "No"}}]}}`,
		},
		{
			name:    "a link alone",
			buttons: []channels.Button{shop},
			want: `"type": "interactive", "interactive": {"type": "cta_url", "body": {"text": "Hi"}, "action": {
				"name": "cta_url", "parameters": {"display_text": "Shop", "url": "https://acme.test"}}}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.openWindow()
			w.checkSent(richMessage(channels.Rich{Buttons: tt.buttons}), tt.want)
		})
	}
}

// Requirement R-060: WhatsApp's buttons and lists.
func TestSendList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	list := channels.List{Button: "Pick", Sections: []channels.ListSection{{Rows: []channels.ListRow{
		{ID: "a", Title: "A", Description: "first"},
		{Title: "B"}, // without an id it is known by its title
	}}}}
	w.checkSent(richMessage(channels.Rich{List: &list}),
		`"type": "interactive", "interactive": {"type": "list", "body": {"text": "Hi"}, "action": {"button": "Pick", "sections": [{"rows": [
			{"id": "a", "title": "A", "description": "first"},
			{"id": "B", "title": "B"}]}]}}`)
}

// A template is sent with the values of its variables in the order of their first use, each once, without line breaks.
// Requirement R-060: WhatsApp's buttons and lists.
func TestSendTemplate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	template := channels.Template{
		Name:     "order",
		Language: "en_US",
		Category: "utility",
		Header:   "Order {{number}}",
		Body:     "Hi {{name}}, {{number}} of {{ name }} left.",
		Buttons:  []channels.Button{{ID: "ok", Title: "OK"}, {Title: "Track", URL: "https://acme.test"}},
		Examples: map[string]string{"name": "Bob", "number": "12"},
	}
	state, err := w.channel.SubmitTemplate(testContext(t), template)
	noError(t, err)
	noError(t, w.Review(state.ExternalID, "APPROVED", ""))

	o := outbound(12, "Hi")
	o.Template = &channels.TemplateUse{Template: template, Values: map[string]string{"name": "Ann", "number": "7\n8"}}
	o.ReplyTo = "wamid.1" // which a template can't name
	w.checkSent(o, `"type": "template", "template": {
		"name": "order",
		"language": {"code": "en_US", "policy": "deterministic"},
		"components": [
			{"type": "header", "parameters": [{"type": "text", "text": "7 8"}]},
			{"type": "body", "parameters": [{"type": "text", "text": "Ann"}, {"type": "text", "text": "7 8"}]},
			{"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [{"type": "payload", "payload": "ok"}]}]}`)
}

// A template that was paused or disabled, or waits for its review, is refused until it is approved again.
func TestSendTemplateThatIsNotApproved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.addBackTemplate()
	o := outbound(3, "…")
	o.Template = backTemplate()
	for _, event := range []string{"PAUSED", "DISABLED", "PENDING"} {
		noError(t, w.Review(id, event, ""))
		_, err := w.channel.Send(testContext(t), o)
		_ = wantClass(t, "sending when it is "+event, err, channels.TemplateBad)
	}
	noError(t, w.Review(id, "REINSTATED", ""))
	w.send(o)
	w.wantTexts("We are back, Ann.")
}
