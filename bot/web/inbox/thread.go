package inbox

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"parley/bot/picture"
	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bot/web"
	"parley/bridge"
	"parley/channels"
)

type threadPage struct {
	Path    string
	Number  string
	Details []detail
	Said    []shownMessage
	Older   string // the address of older messages; "" if there are none
	Newest  string // on a page of older messages: the address of the newest ones; "" on the page of these
	Live    string // the address at which changes are told
	Stamp   string // of what the page shows; see Desk.Stamp

	Form   string         // identifies the forms of this page, so that each counts once
	Seen   bridge.EventID // the newest event that the page shows
	People []web.Choice
	Teams  []string

	Customer string
	Note     *result // what became of the form that was sent before; nil if there is nothing to say

	standing
	attaching
	mistake
}

// attaching is what the form of a reply shows besides its text: recipients and files.
type attaching struct {
	GoesTo   shownRecipients
	Attach   bool // files may be attached
	Attached []keptFile
	Sure     bool // the reply is shown once more before it leaves
}

// mistake is what is wrong with a form that was sent.
type mistake struct {
	Problem string            // for people
	Wrong   string            // the verb of the form
	Typed   map[string]string // what was typed into it, by field
}

type detail struct {
	Name, Text string
	Head       bool // it is shown even while the list is folded
}

type shownMessage struct {
	bridge.Spoken

	Side    string // in, out or note
	Who     string
	When    string
	Exactly string
	Fate    string // what became of it, in words; "" if nothing need be said
	Look    string // its class: good, warn, bad or ""
	Why     string
	Shown   []file
	Buttons []button
}

type file struct {
	Path, Name, Size, Missing string
	Picture                   string // the address of a small picture of it; "" if there is none
}

// button does something with a message.
type button struct {
	Verb, Text, Ask string
	Message         bridge.MessageID
	Delivery        bridge.DeliveryID
	Words           string // of the text that Send sends
	Sure            bool
}

func (p pages) showThread(v *web.Visit) error {
	data, f, err := p.readThread(v)
	if err != nil {
		return refuse(v, err)
	}
	if name := v.Value("act"); name != "" {
		done, err := p.desk.Result(v.Context(), v.Person.ID, f.ID, name)
		if err != nil {
			return refuse(v, err)
		}
		data.Note = resultOf(done)
	}
	return v.Show("thread", web.Screen{Title: threadTitle(f), Data: data})
}

// useZoneOf makes times on the page of a conversation those of the zone in which the engine reads what is typed there: the one that the
// agent chose, else that of the account's business hours.
func useZoneOf(v *web.Visit, f bridge.Facts) { v.Person.Zone = f.Zone }

// threadTitle returns the name that a conversation was given, else its subject; if it has neither, the customer's name.
func threadTitle(f bridge.Facts) string {
	title := verb.Title(f)
	if isRenamed := title != shape.PartyName(f.Contact); isRenamed {
		return title
	}
	return shape.Or(shape.OneLine(f.Subject, shape.MaxSubjectRunes), title)
}

// readThread reads what the page of a conversation shows.
func (p pages) readThread(v *web.Visit) (threadPage, bridge.Facts, error) {
	ctx, agent := v.Context(), v.Person.ID
	id := bridge.ConversationID(pathNumber(v, "id"))
	stamp, err := p.desk.Stamp(ctx, agent, id) // before the rest is read: what changes in between makes another stamp
	if err != nil {
		return threadPage{}, bridge.Facts{}, err
	}

	f, err := p.desk.Facts(ctx, agent, id)
	if err != nil {
		return threadPage{}, f, err
	}

	useZoneOf(v, f)
	before := beforeOf(v)
	spoken, err := p.desk.Spoken(ctx, agent, id, before)
	if err != nil {
		return threadPage{}, f, err
	}

	number := strconv.FormatInt(int64(id), 10)
	data := threadPage{
		Path:     "/inbox/" + number,
		Number:   shape.Number(id),
		Details:  detailsOf(v, f),
		Live:     "/inbox/live?conversation=" + number,
		Stamp:    stamp,
		Form:     rand.Text(),
		Customer: shape.PartyName(f.Contact),
		standing: standingOf(f, agent),
		mistake:  mistake{Typed: map[string]string{}},
	}

	if !data.Erased {
		addSpoken(v, f, &data, spoken)
	}

	if before != (bridge.SpokenBefore{}) { // people act only where they see the newest messages
		data.Newest = data.Path
		data.Open = false
		data.Ended = false
	}
	if data.Open {
		if err := p.addAttaching(v, f, &data); err != nil {
			return data, f, err
		}
	}

	people, teams, err := p.desk.People(ctx)
	if err != nil {
		return data, f, err
	}
	for _, a := range people {
		data.People = append(data.People, web.Choice{Value: "agent:" + a.Email, Text: a.Name})
	}

	data.Teams = teams
	return data, f, nil
}

// addSpoken adds what was said in a conversation, and the address of what was said before that.
func addSpoken(v *web.Visit, f bridge.Facts, data *threadPage, spoken bridge.SpokenPage) {
	for i := range spoken.List {
		data.Said = append(data.Said, shownMessageOf(v, f, data.Path, &spoken.List[i]))
		data.Seen = max(data.Seen, spoken.List[i].Event, spoken.List[i].RevisedEvent)
	}
	if spoken.Older {
		first := spoken.List[0]
		data.Older = fmt.Sprintf("%s?before=%d.%d", data.Path, first.Event, first.ID)
	}
}

// addAttaching adds what the form of a reply shows besides its text.
func (p pages) addAttaching(v *web.Visit, f bridge.Facts, data *threadPage) error {
	may, err := p.desk.Attaching(v.Context(), v.Person.ID, f.ID)
	var refused *bridge.Problem
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	data.Attach = may.Files
	if may.Several {
		data.GoesTo = shownRecipientsOf(f.Recipients)
	}
	return nil
}

// beforeOf reads before which message an address asks for messages: "EVENT.ID". It returns the zero value if the address
// asks for the newest ones.
func beforeOf(v *web.Visit) bridge.SpokenBefore {
	event, id, _ := strings.Cut(v.Value("before"), ".")
	e, err := strconv.ParseInt(event, 10, 64)
	m, wrong := strconv.ParseInt(id, 10, 64)
	if err != nil || wrong != nil {
		return bridge.SpokenBefore{}
	}
	return bridge.SpokenBefore{Event: bridge.EventID(e), ID: bridge.MessageID(m)}
}

// detailsOf lists the facts of a conversation that the page shows. Those that are empty are left out.
func detailsOf(v *web.Visit, f bridge.Facts) []detail {
	list := []detail{
		{Name: "Customer", Text: shape.Party(f.Contact), Head: true},
		{Name: "By", Text: f.ChannelName + " (" + f.Account.Name + ")", Head: true},
		{Name: "State", Text: stateWords(v, f), Head: true},
	}
	if f.Status != bridge.StatusOpen || len(f.Assignees) > 0 { // the words for an open state say already that nobody owns it
		list = append(list, detail{Name: "Owner", Text: shape.Assignees(f.Assignees), Head: true})
	}

	add := func(name, text string) {
		if text != "" {
			list = append(list, detail{Name: name, Text: text})
		}
	}
	if subject := shape.OneLine(f.Subject, shape.MaxSubjectRunes); subject != threadTitle(f) {
		add("Subject", subject)
	}
	if len(f.To) > 0 {
		add("A reply goes to", shape.AllRecipients(f.Recipients))
	}
	if len(f.Waiting) > 0 {
		add("Gets nothing yet", shape.AllParties(f.Waiting))
	}

	add("Team", f.Team)
	var tags []string
	for _, t := range f.Tags {
		tags = append(tags, t.Name)
	}
	add("Tags", strings.Join(tags, ", "))
	add("Waits since", timeText(v, f.WaitingSince))
	if f.Window.Closed {
		add("Reply window", "closed: a reply is kept until the customer writes")
	} else if !f.Window.Until.IsZero() {
		add("Reply window", "open until "+timeText(v, f.Window.Until))
	}
	if f.Account.Mode != bridge.ModeLive {
		add("Account", string(f.Account.Mode)+": not every reply is sent")
	}
	add("Thread", f.Elsewhere)
	return list
}

// shownMessageOf makes what the page shows of a message. path is that of the conversation.
func shownMessageOf(v *web.Visit, f bridge.Facts, path string, s *bridge.Spoken) shownMessage {
	m := shownMessage{
		Spoken:  *s,
		Side:    string(s.Direction),
		Who:     s.Author,
		When:    timeText(v, s.At),
		Exactly: s.At.In(v.Now().Location()).Format(time.RFC3339),
	}
	if m.Who == "" {
		m.Who = "Somebody"
		if m.Side == "in" {
			m.Who = shape.PartyName(f.Contact)
		}
	}

	m.Fate, m.Look = fateWords(v, s)
	m.Why = whyWords(f, s)
	for _, one := range s.Files {
		shown := file{
			Name:    shape.Or(shape.OneLine(one.Name, shape.MaxNameRunes), "unnamed file"),
			Size:    channels.SizeWords(one.SizeBytes),
			Missing: one.Missing,
		}
		if one.Readable {
			shown.Path = fmt.Sprintf("%s/files/%d/%d", path, s.ID, one.Index)
			if picture.HasReader(one.Type) && one.SizeBytes <= maxPictureBytes {
				shown.Picture = fmt.Sprintf("%s/pictures/%d/%d", path, s.ID, one.Index)
			}
		}
		m.Shown = append(m.Shown, shown)
	}

	for _, verb := range s.Verbs {
		m.Buttons = append(m.Buttons, buttonOf(v, s, verb, shape.PartyName(f.Contact)))
	}
	return m
}

// whyWords says why a message has its fate; "" if nothing need be said.
func whyWords(f bridge.Facts, s *bridge.Spoken) string {
	switch string(s.Fate) {
	case "ask", "inside", "parked", "failed", "unclear":
		if s.Reason == "note" { // fateWords says so
			return ""
		}
		return view.ReasonWords(s.Reason, f)
	case "waiting":
		if s.Unread {
			return "It was typed in a chat that can't be read just now, so nobody can see whether it was changed or deleted there. It leaves when the chat is back, and what is written after it follows."
		}
		if s.Behind != "" {
			return "It leaves after the reply of " + s.Behind + " above, which waits for the chat. Let that one go, or take it back."
		}
		return s.Trouble
	}
	return ""
}

// fateWords says what became of a message. look is its class.
func fateWords(v *web.Visit, s *bridge.Spoken) (words, look string) {
	if s.Deleted {
		return "Deleted by the customer, " + timeText(v, s.Revised), "warn"
	}
	if !s.Revised.IsZero() {
		return "Changed by the customer, " + timeText(v, s.Revised), "warn"
	}

	switch string(s.Fate) {
	case "inside":
		if s.Reason == "note" {
			return "Note", ""
		}
		return "Stayed inside", ""
	case "ask":
		return "Not sent yet", "warn"
	case "waiting":
		if s.Until.After(v.Now()) {
			return "Leaves at " + s.Until.In(v.Now().Location()).Format("15:04:05"), "warn"
		}
		return "On its way", "warn"
	case "out":
		return receiptWords(s.Receipt), "good"
	case "failed":
		return "Not delivered", "bad"
	case "unclear":
		return "Nobody knows whether it arrived", "bad"
	case "parked":
		return "Kept for later", "warn"
	case "undone":
		return "Taken back", ""
	case "dropped":
		return "Given up", ""
	}
	return "", ""
}

// receiptWords says what the provider told of a message that left.
func receiptWords(receipt bridge.OutcomeState) string {
	switch receipt {
	case bridge.OutcomeDelivered:
		return "Delivered"
	case bridge.OutcomeRead:
		return "Read"
	default:
		return "Sent"
	}
}

// buttonOf makes the button for one of the verbs that a message offers.
func buttonOf(v *web.Visit, s *bridge.Spoken, verb bridge.Verb, customer string) button {
	b := button{Verb: string(verb), Message: s.ID, Delivery: s.Delivery}
	switch verb {
	case bridge.VerbUndo:
		b.Text = "Take back"
	case bridge.VerbSend:
		b.Text, b.Words = "Send to "+customer, s.Words
		if s.Unread {
			b.Text, b.Ask = "Send it as it stands", "Send it to "+customer+" as it stands here, whatever was changed in the chat?"
		}
		if s.Agent != v.Person.ID { // the customer gets it in its author's name
			b.Sure = true
			if !s.Unread {
				b.Text = "Send as " + s.Author
			}
			b.Ask = strings.TrimSpace(b.Ask + " " + shape.SendAsQuestion(s.Author, customer))
		}
	case bridge.VerbKeep:
		b.Text = "Keep inside"
	case bridge.VerbDrop:
		b.Text = "Don't send"
	case bridge.VerbSendAgain:
		b.Text, b.Ask = "Send again", "Send it again? If it did arrive, "+customer+" gets it twice."
	case bridge.VerbMarkSent:
		b.Text = "Mark as sent"
	default:
		b.Text = string(verb)
	}
	return b
}
