package twilio

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"parley/channels"
)

// callbackAt is the time at which callbacks come in these tests.
func callbackAt() time.Time { return time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC) }

// decodeOne decodes the payload of a callback that means one thing.
func decodeOne(t *testing.T, c channels.Channel, form url.Values) channels.Inbound {
	t.Helper()
	return decodeHook(t, c, "", form)
}

// decodeHook is decodeOne for a callback to an address with a query.
func decodeHook(t *testing.T, c channels.Channel, query string, form url.Values) channels.Inbound {
	t.Helper()
	list, err := c.Decode(hookPayload(callbackAt(), query, []byte(form.Encode())))
	if err != nil {
		t.Fatalf("decoding %v: %v", form, err)
	}
	if len(list) != 1 {
		t.Fatalf("decoding %v: got %+v, want one thing", form, list)
	}
	return list[0]
}

// fields are parameters of a callback.
type fields map[string]string

// waForm is a customer's message by WhatsApp with some fields changed. A field that is changed to "" is left out.
func waForm(changed fields) url.Values {
	f := url.Values{
		"MessageSid":  {"SM1"},
		"From":        {waPrefix + annPhone},
		"To":          {waPrefix + waNumber},
		"WaId":        {strings.TrimPrefix(annPhone, "+")},
		"ProfileName": {"Ann"},
		"NumMedia":    {"0"},
		"SmsStatus":   {"received"},
	}
	for name, value := range changed {
		if value == "" {
			f.Del(name)
		} else {
			f.Set(name, value)
		}
	}
	return f
}

// annUserID is WhatsApp's own id of Ann.
const annUserID = "US.13491208655302741918"

// A customer's key is WhatsApp's own id of the person if there is one, otherwise the phone number. The other addresses
// that are known of the customer are further keys.
func TestDecodeWhatsAppSender(t *testing.T) {
	t.Parallel()
	c := newWorld(t, viaWhatsApp).channel
	tests := []struct {
		name string
		form fields
		want channels.Party
	}{
		{name: "phone number alone", form: fields{}, want: channels.Party{Key: annPhone, Name: "Ann"}},
		{
			name: "id and phone number",
			form: fields{"ExternalUserId": waPrefix + annUserID},
			want: channels.Party{Key: annUserID, Name: "Ann", Also: []string{annPhone}, Lasting: true},
		},
		{
			name: "id alone",
			form: fields{"From": waPrefix + annUserID, "WaId": ""},
			want: channels.Party{Key: annUserID, Name: "Ann", Lasting: true},
		},
		{
			name: "id as the sender, and phone number",
			form: fields{"From": waPrefix + annUserID},
			want: channels.Party{Key: annUserID, Name: "Ann", Also: []string{annPhone}, Lasting: true},
		},
		{
			name: "id of the person's company",
			form: fields{"ExternalUserIdentifier": annUserID, "ParentExternalUserId": "US.ENT.1"},
			want: channels.Party{Key: annUserID, Name: "Ann", Also: []string{annPhone, "US.ENT.1"}, Lasting: true},
		},
		{
			name: "WhatsApp's number differs from the sender's",
			form: fields{"WaId": "5215550123"},
			want: channels.Party{Key: annPhone, Name: "Ann", Also: []string{"+5215550123"}},
		},
		{
			name: "number of two forms, both shown",
			form: fields{"From": waPrefix + "+525512345678", "WaId": "5215512345678"},
			want: channels.Party{Key: "+525512345678", Name: "Ann", Also: []string{"+5215512345678"}},
		},
		{
			name: "number of two forms, one shown",
			form: fields{"From": waPrefix + "+525512345678", "WaId": "", "ExternalUserId": annUserID},
			want: channels.Party{Key: annUserID, Name: "Ann", Also: []string{"+525512345678", "+5215512345678"}, Lasting: true},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			form := waForm(tt.form)
			form.Set("Body", "x")
			checkDecoded(t, decodeOne(t, c, form), channels.Inbound{From: tt.want, Text: "x"})
		})
	}
}

// checkDecoded compares a message of waForm with want, in which it fills in the kind, the id, the time and our number.
func checkDecoded(t *testing.T, got, want channels.Inbound) {
	t.Helper()
	want.Kind = channels.InboundMessage
	want.ExternalID = "SM1"
	want.Envelope.Via = waNumber
	want.At = callbackAt()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("decoded as\n     %+v\nwant %+v", got, want)
	}
}

// A WhatsApp message becomes a text and files. Notices say what can't be shown in these.
func TestDecodeWhatsAppContent(t *testing.T) {
	t.Parallel()
	c := newWorld(t, viaWhatsApp).channel
	tests := []struct {
		name string
		form fields
		want channels.Inbound // besides the sender
	}{
		{
			name: "text with formatting, and with a character that has a meaning in Markdown",
			form: fields{"Body": "*Hi* 2*3"},
			want: channels.Inbound{Text: `**Hi** 2\*3`},
		},
		{
			name: "text that is still arriving, with its id in another field",
			form: fields{"Body": "x", "SmsStatus": "receiving", "MessageSid": "", "SmsSid": "SM1"},
			want: channels.Inbound{Text: "x"},
		},
		{
			name: "answer to a message",
			form: fields{"Body": "yes", "OriginalRepliedMessageSid": "SM7"},
			want: channels.Inbound{Text: "yes", Answers: channels.Answers{External: "SM7"}},
		},
		{
			name: "button",
			form: fields{"Body": "Yes, please", "ButtonText": "Yes", "ButtonPayload": "y", "MessageType": "button"},
			want: channels.Inbound{Text: "Yes, please", Chosen: "y", Notices: []string{"Chosen from what we offered."}},
		},
		{
			name: "row of a list",
			form: fields{"ListTitle": "Row", "ListId": "r", "MessageType": "interactive"},
			want: channels.Inbound{Text: "Row", Chosen: "r", Notices: []string{"Chosen from what we offered."}},
		},
		{
			name: "filled form",
			form: fields{
				"MessageType": "interactive",
				"InteractiveData": `{"flow_token":"t","visit":{"day":"*Monday*","people":2},"customer":12345678901234567890,
					"extras":["tea"],"note":null}`,
			},
			want: channels.Inbound{Text: `- **customer**: 12345678901234567890
- **extras**: tea
- **visit day**: \*Monday\*
- **visit people**: 2`},
		},
		{
			name: "filled form as WhatsApp writes it",
			form: fields{
				"MessageType": "interactive",
				"InteractiveData": `{"context":{"id":"SM7"},"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent",
					"response_json":"{\"flow_token\":\"t\",\"size\":\"M\",\"at\":{\"city\":\"Bonn\"},\"card\":12345678901234567890}"}}`,
			},
			want: channels.Inbound{Text: `- **at city**: Bonn
- **card**: 12345678901234567890
- **size**: M`},
		},
		{
			name: "form that can't be read",
			form: fields{"MessageType": "interactive", "InteractiveData": `["size"]`},
			want: channels.Inbound{Notices: []string{
				"A message of the kind “interactive”, which can't be shown here. Ask for it in words.",
			}},
		},
		{
			name: "place",
			form: fields{"Latitude": "52.5", "Longitude": "13.4", "Label": "Shop", "Address": "Street *1*"},
			want: channels.Inbound{Text: `Shop
Street \*1\*
📍 https://www.openstreetmap.org/?mlat=52.5&mlon=13.4#map=17/52.5/13.4`},
		},
		{
			name: "place with a coordinate that is no finite number",
			form: fields{"Latitude": "NaN", "Longitude": "1"},
			want: channels.Inbound{Text: "📍 NaN, 1"},
		},
		{
			name: "place with a coordinate that isn't a number",
			form: fields{"Latitude": "x", "Longitude": "1"},
			want: channels.Inbound{Text: "📍 x, 1"},
		},
		{
			name: "place beyond the longitudes",
			form: fields{"Latitude": "1", "Longitude": "181"},
			want: channels.Inbound{Text: "📍 1, 181"},
		},
		{
			name: "picture",
			form: fields{"NumMedia": "1", "MediaUrl0": "https://api.twilio.com/x", "MediaContentType0": "image/jpeg"},
			want: channels.Inbound{Attachments: []channels.Attachment{
				{Name: "image-1.jpg", ContentType: "image/jpeg", Ref: "https://api.twilio.com/x"},
			}},
		},
		{
			name: "files, one of which has no address, and one no type",
			form: fields{"NumMedia": "2", "MediaContentType0": "image/jpeg", "MediaUrl1": "https://api.twilio.com/y"},
			want: channels.Inbound{Attachments: []channels.Attachment{
				{Name: "document-2", ContentType: "application/octet-stream", Ref: "https://api.twilio.com/y"},
			}},
		},
		{
			name: "came by an advertisement",
			form: fields{"Body": "x", "ReferralHeadline": "Sale", "ReferralSourceUrl": "https://fb.me/1"},
			want: channels.Inbound{Text: "x", Notices: []string{"Came by an advertisement: Sale https://fb.me/1"}},
		},
		{
			name: "forwarded",
			form: fields{"Body": "x", "Forwarded": "true"},
			want: channels.Inbound{Text: "x", Notices: []string{"Forwarded."}},
		},
		{
			name: "forwarded by many",
			form: fields{"Body": "x", "FrequentlyForwarded": "true"},
			want: channels.Inbound{Text: "x", Notices: []string{"Forwarded."}},
		},
		{
			name: "nothing, of no kind",
			form: fields{},
			want: channels.Inbound{Notices: []string{"An empty message."}},
		},
		{
			name: "empty text",
			form: fields{"MessageType": "text"},
			want: channels.Inbound{Notices: []string{"An empty message."}},
		},
		{
			name: "unknown kind",
			form: fields{"MessageType": "hologram"},
			want: channels.Inbound{Notices: []string{
				"A message of the kind “hologram”, which can't be shown here. Ask for it in words.",
			}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.want
			want.From = channels.Party{Key: annPhone, Name: "Ann"}
			checkDecoded(t, decodeOne(t, c, waForm(tt.form)), want)
		})
	}
}

// An SMS has no formatting, so characters with a meaning in Markdown are escaped. Its sender may be a short code.
func TestDecodeSMS(t *testing.T) {
	t.Parallel()
	form := inboundForm()
	form.Set("Body", "*plain* text")
	form.Set("From", "72345")
	got := decodeOne(t, newWorld(t, viaSMS).channel, form)
	wantEqual(t, "text", got.Text, `\*plain\* text`)
	wantEqual(t, "sender", got.From.Key, "72345")
}
