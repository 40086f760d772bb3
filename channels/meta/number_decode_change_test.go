package meta

import (
	"reflect"
	"testing"

	"parley/channels"
)

// A reaction names its message and its emoji. Without an emoji, or with an empty one, it is taken back. It doesn't open the
// reply window.
func TestDecodeReaction(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		fields string
		want   string
	}{
		{
			name:   "emoji",
			fields: `"message_id":"wamid.0","emoji":"👍"`,
			want:   "👍",
		},
		{
			name:   "emoji of several escaped code points",
			fields: `"message_id":"wamid.0","emoji":"\ud83d\udc4d\ud83c\udffd"`,
			want:   "👍🏽",
		},
		{
			name:   "no emoji",
			fields: `"message_id":"wamid.0"`,
			want:   "",
		},
		{
			name:   "empty emoji",
			fields: `"message_id":"wamid.0","emoji":""`,
			want:   "",
		},
		{
			name:   "emoji null",
			fields: `"message_id":"wamid.0","emoji":null`,
			want:   "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := decodeOnly(t, messageHook(annMessage(`"type":"reaction","reaction":{`+tt.fields+`}`)))
			wantEqual(t, "kind", in.Kind, channels.InboundReaction)
			wantEqual(t, "message that it is about", in.Change.Target, "wamid.0")
			wantEqual(t, "emoji", in.Change.Emoji, tt.want)
			wantEqual(t, "opens the window", in.Opens, false)
		})
	}
}

// Edits and deletions name the message that they change, which may arrive after them. An edit brings the new text and no
// file.
func TestDecodeEditAndRevoke(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		fields   string
		wantKind channels.InboundKind
		wantText string
	}{
		{
			name: "edit of a text",
			fields: `"type": "edit", "edit": {"original_message_id": "wamid.0",
				"message": {"type": "text", "text": {"body": "*new*"}}}`,
			wantKind: channels.InboundEdit,
			wantText: "**new**",
		},
		{
			name: "edit of a picture's caption",
			fields: `"type": "edit", "edit": {"original_message_id": "wamid.0",
				"message": {"type": "image", "image": {"id": "7", "caption": "seen"}}}`,
			wantKind: channels.InboundEdit,
			wantText: "seen",
		},
		{
			name:     "deletion",
			fields:   `"type":"revoke","revoke":{"original_message_id":"wamid.0"}`,
			wantKind: channels.InboundDelete,
			wantText: "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := decodeOnly(t, messageHook(annMessage(tt.fields)))
			wantEqual(t, "kind", in.Kind, tt.wantKind)
			wantEqual(t, "text", in.Text, tt.wantText)
			wantEqual(t, "message that is changed", in.Change.Target, "wamid.0")
			wantEqual(t, "number of files", len(in.Attachments), 0)
		})
	}
}

// Changes of several messages in one webhook are decoded in its order.
func TestDecodeSeveralChanges(t *testing.T) {
	t.Parallel()
	list := decodeHook(t, messageHook(
		annMessage(`"type":"edit","edit":{"original_message_id":"wamid.0","message":{"type":"text","text":{"body":"new"}}}`),
		`{"from":"491701234567","id":"wamid.2","timestamp":"1763631001","type":"revoke","revoke":{"original_message_id":"wamid.0"}}`))
	if len(list) != 2 {
		t.Fatalf("decoded as %+v, want an edit and a deletion", list)
	}
	wantEqual(t, "first kind", list[0].Kind, channels.InboundEdit)
	wantEqual(t, "second kind", list[1].Kind, channels.InboundDelete)
}

const annUserID = "US.13491208655302741918"

// A customer is known by the user id if there is one, otherwise by the phone number. The number stays a further key, so
// that a customer who was known by it before stays the same one.
func TestDecodeSender(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		contact string // of the webhook
		sender  string // fields of the message
		want    channels.Party
	}{
		{
			name:    "user id alone",
			contact: `{"profile":{"name":"Ann","username":"annlee"},"user_id":"` + annUserID + `"}`,
			sender:  `"from_user_id":"` + annUserID + `"`,
			want:    channels.Party{Key: annUserID, Name: "Ann", Lasting: true},
		},
		{
			name:    "user id and phone number",
			contact: `{"profile":{"name":"Ann"},"user_id":"` + annUserID + `","wa_id":"491701234567"}`,
			sender:  `"from":"491701234567","from_user_id":"` + annUserID + `"`,
			want:    channels.Party{Key: annUserID, Phone: annPhone, Name: "Ann", Also: []string{annPhone}, Lasting: true},
		},
		{
			name:    "user id in the contact alone",
			contact: `{"profile":{"name":"Ann"},"user_id":"` + annUserID + `","wa_id":"491701234567"}`,
			sender:  `"from":"491701234567"`,
			want:    channels.Party{Key: annUserID, Phone: annPhone, Name: "Ann", Also: []string{annPhone}, Lasting: true},
		},
		{
			name:    "phone number alone",
			contact: `{"profile":{},"wa_id":"491701234567"}`,
			sender:  `"from":"491701234567"`,
			want:    channels.Party{Key: annPhone},
		},
		{
			name:    "username instead of a name",
			contact: `{"profile":{"username":"annlee"},"user_id":"` + annUserID + `"}`,
			sender:  `"from_user_id":"` + annUserID + `"`,
			want:    channels.Party{Key: annUserID, Name: "@annlee", Lasting: true},
		},
		{
			name:    "user id of an enterprise",
			contact: `{"user_id":"DE.ENT.abc"}`,
			sender:  `"from_user_id":"DE.ENT.abc"`,
			want:    channels.Party{Key: "DE.ENT.abc", Lasting: true},
		},
		{
			name:    "contact of somebody else",
			contact: `{"user_id":"US.other"}`,
			sender:  `"from":"491701234567"`,
			want:    channels.Party{Key: annPhone},
		},
		{
			name:    "Mexican number, also without its 1",
			contact: `{"wa_id":"5215512345678"}`,
			sender:  `"from":"5215512345678"`,
			want:    channels.Party{Key: "+5215512345678", Also: []string{"+525512345678"}},
		},
		{
			name:    "Argentine number, also without its 9",
			contact: `{"wa_id":"5491123456789"}`,
			sender:  `"from":"5491123456789"`,
			want:    channels.Party{Key: "+5491123456789", Also: []string{"+541123456789"}},
		},
		{
			name:    "Brazilian number, also with its 9",
			contact: `{"wa_id":"551187654321"}`,
			sender:  `"from":"551187654321"`,
			want:    channels.Party{Key: "+551187654321", Also: []string{"+5511987654321"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := hook("messages", `{"metadata": {"phone_number_id": "1055"}, "contacts": [`+tt.contact+`],
				"messages": [{`+tt.sender+`, "id": "wamid.1", "timestamp": "1763631000", "type": "text", "text": {"body": "x"}}]}`)
			if got := decodeOnly(t, body).From; !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got the customer %+v, want %+v", got, tt.want)
			}
		})
	}
}

// mexicanMessage makes a message like annMessage of a customer whose number has two forms.
func mexicanMessage(fields string) string {
	return `{"from":"5215512345678","id":"wamid.1","timestamp":"1763631000",` + fields + `}`
}

// changeFromNobody is a change of a user id that names no sender.
const changeFromNobody = `{"id": "wamid.1", "timestamp": "1753851315", "type": "system", "system": {
	"body": "User changed", "type": "user_changed_user_id", "user_id": "MX.0987", "previous_user_id": "CO.1234"}}`

// systemHook makes a webhook with a message of WhatsApp itself, which comes without contacts.
func systemHook(message string) []byte {
	return hook("messages", `{"metadata":{"phone_number_id":"1055"},"messages":[`+message+`]}`)
}

// A customer with a new number, a new user id or both stays the same customer: all earlier keys lead to the present ones.
func TestDecodeIdentityChange(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		message      string
		wantPrevious channels.Party
		wantNow      channels.Party
	}{
		{
			name:         "number alone",
			message:      annMessage(`"type":"system","system":{"type":"user_changed_number","body":"…","wa_id":"12195555358"}`),
			wantPrevious: channels.Party{Key: annPhone},
			wantNow:      channels.Party{Key: "+12195555358"},
		},
		{
			name: "number and user id",
			message: annMessage(`"type": "system", "system": {"type": "user_changed_number", "wa_id": "12195555358",
				"user_id": "US.new", "previous_user_id": "US.old"}`),
			wantPrevious: channels.Party{Key: "US.old", Also: []string{annPhone}, Lasting: true},
			wantNow:      channels.Party{Key: "US.new", Phone: "+12195555358", Also: []string{"+12195555358"}, Lasting: true},
		},
		{
			name: "user id alone",
			message: annMessage(`"type": "system", "system": {"type": "user_changed_user_id",
				"user_id": "US.new", "previous_user_id": "US.old"},"from_user_id":"US.old"`),
			wantPrevious: channels.Party{Key: "US.old", Lasting: true},
			wantNow:      channels.Party{Key: "US.new", Phone: annPhone, Also: []string{annPhone}, Lasting: true},
		},
		{
			name:         "number alone, of two forms",
			message:      mexicanMessage(`"type":"system","system":{"type":"user_changed_number","wa_id":"12195555358"}`),
			wantPrevious: channels.Party{Key: "+5215512345678", Also: []string{"+525512345678"}},
			wantNow:      channels.Party{Key: "+12195555358"},
		},
		{
			name: "user id alone, with a number of two forms",
			message: mexicanMessage(`"type": "system", "system": {"type": "user_changed_user_id",
				"user_id": "MX.new", "previous_user_id": "MX.old"}`),
			wantPrevious: channels.Party{Key: "MX.old", Lasting: true},
			wantNow: channels.Party{
				Key: "MX.new", Phone: "+5215512345678", Also: []string{"+5215512345678", "+525512345678"}, Lasting: true,
			},
		},
		{
			name: "user id alone, without a sender", message: changeFromNobody,
			wantPrevious: channels.Party{Key: "CO.1234", Lasting: true}, wantNow: channels.Party{Key: "MX.0987", Lasting: true},
		},
		{
			name:         "identity with a new number",
			message:      annMessage(`"type":"system","system":{"type":"customer_identity_changed","wa_id":"12195555358"}`),
			wantPrevious: channels.Party{Key: annPhone},
			wantNow:      channels.Party{Key: "+12195555358"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := decodeOnly(t, systemHook(tt.message))
			wantEqual(t, "kind", in.Kind, channels.InboundIdentity)
			if !reflect.DeepEqual(in.Change.Previous, tt.wantPrevious) {
				t.Errorf("got the previous customer %+v, want %+v", in.Change.Previous, tt.wantPrevious)
			}
			if !reflect.DeepEqual(in.From, tt.wantNow) {
				t.Errorf("got the customer %+v, want %+v", in.From, tt.wantNow)
			}
		})
	}
}
