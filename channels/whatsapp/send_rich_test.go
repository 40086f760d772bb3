package whatsapp

import (
	"slices"
	"strings"
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

// If a signature has no room below the text above buttons or a list, it is left out.
func TestRichWithoutRoomForTheSignature(t *testing.T) {
	t.Parallel()
	full := strings.Repeat("a", maxBody)
	list := channels.List{Button: "Pick", Sections: []channels.ListSection{{Rows: []channels.ListRow{{Title: "A"}}}}}
	for _, rich := range []channels.Rich{{Buttons: []channels.Button{{Title: "Yes"}}}, {List: &list}} {
		o := richMessage(rich)
		o.Text, o.Signature.Text = full, "Yours, Kim"
		steps, err := composeSteps(o)
		if err != nil {
			t.Errorf("%s: refused: %v", rich.Kind(), err)
			continue
		}
		body := steps[0].content.(object)["body"].(object)["text"]
		wantEqual(t, "the text", body, any(full))
	}
}

// Requirement R-060: WhatsApp's buttons and lists.
func TestSendLocation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	o := richMessage(channels.Rich{Location: &channels.Location{Latitude: 1.5, Longitude: -2, Name: "Shop", Address: "Main St"}})
	o.Text = ""
	w.checkSent(o, `"type": "location", "location": {"latitude": "1.5", "longitude": "-2", "name": "Shop", "address": "Main St"}`)
}

// A location has no text of its own in WhatsApp, so the text is sent before it. Only the text names the message that is
// answered.
// Requirement R-060: WhatsApp's buttons and lists.
func TestSendTextAndLocation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	quoted := w.ann.Text("Hello")
	w.takeFacts()
	o := richMessage(channels.Rich{Location: &channels.Location{Latitude: 1}})
	o.ReplyTo = quoted
	w.checkSent(o,
		`"context": {"message_id": "`+quoted+`"}, "type": "text", "text": {"body": "Hi"}`,
		`"type": "location", "location": {"latitude": "1", "longitude": "0"}`)
}

// Requirement R-060: WhatsApp's buttons and lists.
func TestSendContact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	o := richMessage(channels.Rich{Contact: &channels.ContactCard{
		Name:   "Kim Poe",
		Org:    "Acme",
		Phones: []string{"+15550100"},
		Emails: []string{"k@acme.test"},
	}})
	o.Text = ""
	w.checkSent(o, `"type": "contacts", "contacts": [{
		"name": {"formatted_name": "Kim Poe", "first_name": "Kim", "last_name": "Poe"},
		"org": {"company": "Acme"},
		"phones": [{"phone": "+15550100", "type": "WORK", "wa_id": "15550100"}],
		"emails": [{"email": "k@acme.test", "type": "WORK"}]}]`)
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

// Buttons, lists, places and cards that WhatsApp would refuse are refused before anything leaves.
func TestRichRefused(t *testing.T) {
	t.Parallel()
	button := channels.Button{Title: "Yes"}
	row := channels.ListRow{Title: "Tea"}
	list := func(change func(*channels.List)) channels.Rich {
		l := channels.List{Button: "Choose", Sections: []channels.ListSection{{Title: "Hot", Rows: []channels.ListRow{row}}}}
		change(&l)
		return channels.Rich{List: &l}
	}
	tests := []struct {
		name string
		rich channels.Rich
		text string
	}{
		{name: "no text", rich: channels.Rich{Buttons: []channels.Button{button}}, text: ""},
		{name: "long text", rich: channels.Rich{Buttons: []channels.Button{button}}, text: long(maxBody + 1)},
		{name: "same title twice", rich: channels.Rich{Buttons: []channels.Button{button, button}}, text: "x"},
		{name: "long title", rich: channels.Rich{Buttons: []channels.Button{{Title: long(maxButton + 1)}}}, text: "x"},
		{name: "no title", rich: channels.Rich{Buttons: []channels.Button{{ID: "y"}}}, text: "x"},
		{name: "long id", rich: channels.Rich{Buttons: []channels.Button{{ID: long(maxButtonID + 1), Title: "Yes"}}}, text: "x"},
		{name: "four buttons", rich: channels.Rich{Buttons: []channels.Button{{Title: "1"}, {Title: "2"}, {Title: "3"}, {Title: "4"}}}, text: "x"},
		{name: "no button of the list", rich: list(func(l *channels.List) { l.Button = "" }), text: "x"},
		{name: "no rows", rich: list(func(l *channels.List) { l.Sections[0].Rows = nil }), text: "x"},
		{name: "no sections", rich: list(func(l *channels.List) { l.Sections = nil }), text: "x"},
		{name: "long title of a row", rich: list(func(l *channels.List) { l.Sections[0].Rows[0].Title = long(maxRowTitle + 1) }), text: "x"},
		{name: "long words of a row", rich: list(func(l *channels.List) { l.Sections[0].Rows[0].Description = long(maxRowWords + 1) }), text: "x"},
		{name: "long title of a section", rich: list(func(l *channels.List) { l.Sections[0].Title = long(maxRowTitle + 1) }), text: "x"},
		{
			name: "two sections, one without a title", text: "x",
			rich: list(func(l *channels.List) {
				l.Sections = append(l.Sections, channels.ListSection{Rows: []channels.ListRow{row}})
			}),
		},
		{name: "no place on Earth", rich: channels.Rich{Location: &channels.Location{Longitude: 181}}},
		{name: "card of nobody", rich: channels.Rich{Contact: &channels.ContactCard{Phones: []string{"+15550100"}}}},
		{name: "card with many numbers", rich: channels.Rich{Contact: &channels.ContactCard{
			Name:   "Kim Poe",
			Phones: slices.Repeat([]string{"+15550100"}, maxCardPhones+1),
		}}},
		{name: "cards", rich: channels.Rich{Cards: []channels.RichCard{{Title: "Tea"}}}, text: "x"},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := richSteps(tt.rich, tt.text)
			_ = wantClass(t, "composing", err, channels.BadContent)
		})
	}
}

// A template that is filled in wrongly, or isn't the one that WhatsApp has, is refused.
func TestSendTemplateFilledInWrongly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*channels.TemplateUse)
	}{
		{name: "no value", change: func(u *channels.TemplateUse) { u.Values = nil }},
		{name: "blank value", change: func(u *channels.TemplateUse) { u.Values["name"] = " \n\t" }},
		{name: "another language", change: func(u *channels.TemplateUse) { u.Language = "de" }},
		{name: "no language", change: func(u *channels.TemplateUse) { u.Language = "" }},
		{name: "another body", change: func(u *channels.TemplateUse) { u.Body = "We are back." }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.addBackTemplate()
			o := outbound(3, "…")
			o.Template = backTemplate()
			tt.change(o.Template)
			w.wantSendFails(o, channels.TemplateBad)
		})
	}
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

// White space in a value of a template, which WhatsApp refuses, becomes one blank.
func TestSendTemplateWithWhiteSpace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addBackTemplate()
	o := outbound(3, "…")
	o.Template = backTemplate()
	o.Template.Values["name"] = "Ann\n\tand     Bob"
	w.send(o)
	w.wantTexts("We are back, Ann and Bob.")
}

// WhatsApp wants a phone number for a template with a code for signing in. So such a template goes to the number, even if
// the customer's key is a user id. Every other template goes to the key.
func TestSendTemplateToNumber(t *testing.T) {
	t.Parallel()
	tests := []struct {
		category string
		want     string // part of the message
		key      string // of the customer
	}{
		{category: "authentication", want: `"to":"+491701234567"`, key: "DE.1349"},
		{category: "authentication", want: `"to":"+491709999999"`, key: "+491709999999"},
		{category: "utility", want: `"recipient":"DE.1349"`, key: "DE.1349"},
	}
	for _, tt := range tests {
		t.Run(tt.category+" to "+tt.key, func(t *testing.T) {
			w := newWorld(t)
			o := outbound(3, "…")
			o.To = []channels.Party{{Key: tt.key, Also: []string{"DE.1350", "+491701234567"}}}
			o.Template = &channels.TemplateUse{Template: channels.Template{Name: "code", Language: "en", Body: "Hello", Category: tt.category}}
			m, err := w.channel.newMessage(o, 1)
			noError(t, err)
			if got := jsonOf(m); !strings.Contains(got, tt.want) {
				t.Errorf("got %s, want %s in it", got, tt.want)
			}
		})
	}
}
