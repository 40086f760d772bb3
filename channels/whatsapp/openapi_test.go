package whatsapp

import (
	"parley/channels"
	"parley/channels/graphfake"
)

// The tests of this file compare what we send, and what the emulator sends, with Meta's own description of the API, which is
// too large to be kept here: PARLEY_TESTDATA names a folder with it.

// at returns the object under these names, each in the one before; nil if there is none.
func at(v any, path ...string) map[string]any {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	m, _ := v.(map[string]any)
	return m
}

// sendEveryKind lets a customer write, and us answer with every kind of message.
func (w *world) sendEveryKind() {
	w.t.Helper()
	last := w.ann.Text("Hello")
	w.ann.React(last, "👍")
	w.ann.Location(1, 2, "Shop", "Main St")
	w.ann.Contact("Bob", "+491701112223")
	w.ann.Media("image", graphfake.File{ContentType: "image/jpeg", Content: []byte("x")}, map[string]any{"caption": "look"})
	w.takeFacts()
	w.addBackTemplate()

	x := []byte("x")
	for i, change := range []func(*channels.Outbound){
		func(*channels.Outbound) {},
		func(o *channels.Outbound) { o.ReplyTo = last },
		func(o *channels.Outbound) { o.Files = []channels.File{file("a.jpg", "image/jpeg", x)} },
		func(o *channels.Outbound) { o.Files = []channels.File{file("a.mp4", "video/mp4", x)} },
		func(o *channels.Outbound) { o.Text, o.Files = "", []channels.File{file("a.ogg", "audio/ogg", x)} },
		func(o *channels.Outbound) {
			o.Rich = &channels.Rich{Buttons: []channels.Button{{ID: "y", Title: "Yes"}}}
		},
		func(o *channels.Outbound) {
			o.Rich = &channels.Rich{Buttons: []channels.Button{{Title: "Shop", URL: "https://acme.test"}}}
		},
		func(o *channels.Outbound) {
			rows := []channels.ListRow{{ID: "a", Title: "A"}}
			o.Rich = &channels.Rich{List: &channels.List{Button: "Pick", Sections: []channels.ListSection{{Title: "S", Rows: rows}}}}
		},
		func(o *channels.Outbound) {
			o.Text, o.Rich = "", &channels.Rich{Location: &channels.Location{Latitude: 1.25, Name: "Shop"}}
		},
		func(o *channels.Outbound) {
			card := channels.ContactCard{Name: "Kim Poe", Org: "Acme", Phones: []string{"+15550100"}, Emails: []string{"k@acme.test"}}
			o.Text, o.Rich = "", &channels.Rich{Contact: &card}
		},
		func(o *channels.Outbound) { o.Template = backTemplate() },
	} {

		o := outbound(int64(i+1), "Hi *there*")
		change(&o)
		w.sendAll(o)
	}
	w.ann.Read()
	w.takeFacts()
}
