package inbox

import (
	"crypto/rand"
	"errors"
	"slices"
	"strconv"
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bot/web"
	"parley/bridge"
)

// The page of one conversation: its messages (see spoken.go), details such as its owner and tags, and the forms with
// which an agent replies or changes the conversation (see act.go). Older messages are on pages of their own, which have
// no forms.

// threadPage is the template data of thread.html.
type threadPage struct {
	Path    string
	Number  string
	Details []detail
	Said    []shownMessage
	Older   string // the URL of older messages; "" if there are none
	Newest  string // the URL of the newest messages; "" if this page shows them
	Live    string // the URL of the stream that reports changes; see streamChanges
	Stamp   string // see Desk.Stamp
	Down    []string

	Form    string         // an id for the forms of this page, so that a form submitted twice counts once
	Seen    bridge.EventID // the newest event on the page
	Opened  int64          // when the page was rendered, in microseconds since 1970
	People  []web.Choice
	Readers []web.Choice // who alone may read it is chosen
	Teams   []string
	Canned  []web.Choice // the canned replies that may be inserted into a reply

	Customer string
	Note     *result // the result of the previous form; nil if there is nothing to say

	standing
	attaching
	mistake
}

// attaching is the part of the reply form around its text: what the account's mode withholds, recipients and files.
type attaching struct {
	Withheld string // why nothing would reach the customer, in place of the form; "" if a reply leaves
	GoesTo   shownRecipients
	Attach   bool // files may be attached
	Attached []keptFile
	Sure     bool // the form asks the agent to confirm the reply
}

// mistake is a problem with a submitted form.
type mistake struct {
	Problem string            // text for the page; "" means no problem
	Wrong   string            // the verb of the form
	Typed   map[string]string // the submitted values by field
}

// IsBeside reports whether the problem is shown beside the form in which it is.
func (t threadPage) IsBeside() bool {
	if !t.Open {
		return false
	}
	isReply := t.Wrong == string(bridge.VerbReply)
	others := []bridge.Verb{bridge.VerbNote, bridge.VerbAssign, bridge.VerbSnooze, bridge.VerbResolve}
	return isReply && t.Withheld == "" || slices.Contains(others, bridge.Verb(t.Wrong))
}

// detail is a line of the list of details, such as "Owner: Ann".
type detail struct {
	Name, Text string
	Head       bool // visible even if the list is collapsed
}

// shownMessage is a message or note, with the text around it.
type shownMessage struct {
	bridge.SpokenMessage

	Side    string // in, out or note
	Who     string
	Whose   string // how the author is told from the customer; "" if that isn't needed
	When    string
	Exactly string // When as RFC 3339
	Fate    string // what became of it: "On its way"; "" if that needs no mention
	Look    string // the CSS class of Fate: good, warn, bad or ""
	Why     string // the reason for Fate; "" if it needs no mention
	Shown   []file
	Buttons []button

	Said, SaidBefore, SaidEarlier []passage // Text, Before and Quoted, as they are drawn

	InAnswer string   // which message it answers, as text; "" means none in particular
	Reacted  []string // the customers' reactions to it, as text
}

type file struct {
	Path, Name, Size, Missing string
	Picture                   string // the URL of a thumbnail; "" if there is none
}

// button submits a verb for a message.
type button struct {
	Verb, Text, Ask string
	Message         bridge.MessageID
	Delivery        bridge.DeliveryID
	Words           string // a digest of the text that VerbSend sends: if the text changes, the button no longer works
	Sure            bool   // the agent confirms to send in a colleague's name
}

// showThread shows the page. If the query has an act, it also shows the act's result.
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

// useZoneOf sets the time zone of the page to the one in which the engine parses times that are typed on it: the agent's
// own zone or, without one, the zone of the account's business hours.
func useZoneOf(v *web.Visit, f bridge.Facts) { v.Person.Zone = f.Zone }

// threadTitle returns the title that an agent gave the conversation, or else its subject, or else the customer's name.
func threadTitle(f bridge.Facts) string {
	title := verb.Title(f)
	if isRenamed := title != shape.PartyName(f.Contact); isRenamed {
		return title
	}
	return shape.Or(shape.OneLine(f.Subject, shape.MaxSubjectRunes), title)
}

// readThread reads the conversation in the URL and returns the page without the result of an act. It reads the stamp
// first: a change during the other reads then yields a new stamp, and the page reloads itself.
func (p pages) readThread(v *web.Visit) (threadPage, bridge.Facts, error) {
	ctx, agent := v.Context(), v.Person.ID
	id := bridge.ConversationID(pathNumber(v, "id"))
	stamp, err := p.desk.Stamp(ctx, agent, id)
	if err != nil {
		return threadPage{}, bridge.Facts{}, err
	}

	stamp, down, err := p.withDown(ctx, agent, stamp)
	if err != nil {
		return threadPage{}, bridge.Facts{}, err
	}

	f, err := p.desk.Facts(ctx, agent, id)
	if err != nil {
		return threadPage{}, bridge.Facts{}, err
	}

	useZoneOf(v, f)
	before := readPlaceBefore(v)
	spoken, err := p.desk.ReadSpoken(ctx, agent, id, before)
	if err != nil {
		return threadPage{}, bridge.Facts{}, err
	}

	number := strconv.FormatInt(int64(id), 10)
	data := threadPage{
		Path:     "/inbox/" + number,
		Number:   shape.Number(id),
		Details:  detailsOf(v, f),
		Live:     "/inbox/live?conversation=" + number,
		Stamp:    stamp,
		Down:     downSentences(v, down),
		Form:     rand.Text(),
		Opened:   f.Now.UnixMicro(),
		Customer: shape.PartyName(f.Contact),
		standing: standingOf(f, agent),
		mistake:  mistake{Typed: map[string]string{}},
	}

	if err := p.addAttaching(v, f, &data); err != nil {
		return threadPage{}, bridge.Facts{}, err
	}
	if !data.Erased {
		addSpoken(v, f, &data, spoken)
	}

	showsOlder := before != (bridge.SpokenBefore{})
	if showsOlder { // agents can act only where they see the newest messages
		data.Newest = data.Path
		data.Open = false
		data.Ended = false
	}

	if err := p.addPeople(v, f, &data); err != nil {
		return threadPage{}, bridge.Facts{}, err
	}
	return data, f, nil
}

// addPeople adds the agents and teams to whom the conversation can be assigned, and the canned replies.
func (p pages) addPeople(v *web.Visit, f bridge.Facts, data *threadPage) error {
	canned, err := p.desk.Canned(v.Context(), v.Person.ID, f)
	if err != nil {
		return err
	}
	for _, c := range canned {
		data.Canned = append(data.Canned, web.Choice{Value: c.Keyword, Text: verb.CannedLabel(c)})
	}
	agents, teams, err := p.desk.Assignable(v.Context(), v.Person.ID, f.ID)
	if err != nil {
		return err
	}
	for _, a := range agents {
		data.People = append(data.People, web.Choice{Value: "agent:" + a.Email, Text: a.Name})
		mayRead := slices.ContainsFunc(f.VisibleTo, func(r bridge.AgentRef) bool { return r.ID == a.ID })
		data.Readers = append(data.Readers, web.Choice{Value: a.Email, Text: a.Name, Chosen: mayRead})
	}
	data.Teams = teams
	return nil
}

// addAttaching adds the recipients, whether files may be attached, and why nothing would be sent. An agent who may not reply gets
// none of it.
func (p pages) addAttaching(v *web.Visit, f bridge.Facts, data *threadPage) error {
	allowed, err := p.desk.Attaching(v.Context(), v.Person.ID, f.ID)
	var refused *bridge.Problem
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	data.Attach = allowed.Files
	if allowed.Withheld != nil {
		data.Withheld = allowed.Withheld.Text + " " + allowed.Withheld.Hint
	}
	if allowed.Several {
		data.GoesTo = shownRecipientsOf(f.Recipients)
	}
	return nil
}

// readPlaceBefore parses the pagination parameter "before=EVENT.MESSAGE": the page shows the messages before that one. The zero
// value means the newest messages.
func readPlaceBefore(v *web.Visit) bridge.SpokenBefore {
	eventText, messageText, _ := strings.Cut(v.Value("before"), ".")
	event, eventErr := strconv.ParseInt(eventText, 10, 64)
	message, messageErr := strconv.ParseInt(messageText, 10, 64)
	if eventErr != nil || messageErr != nil {
		return bridge.SpokenBefore{}
	}
	return bridge.SpokenBefore{Event: bridge.EventID(event), ID: bridge.MessageID(message)}
}

// detailsOf returns the details of a conversation. Empty ones are omitted.
func detailsOf(v *web.Visit, f bridge.Facts) []detail {
	list := []detail{
		{Name: "Customer", Text: shape.Party(f.Contact), Head: true},
		{Name: "By", Text: f.ChannelName + " (" + f.Account.Name + ")", Head: true},
		{Name: "State", Text: stateWords(v, f), Head: true},
	}
	saysNoOwner := f.Status == bridge.StatusOpen && len(f.Assignees) == 0 // the text of the state does
	if !saysNoOwner {
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
	add("Visible to", verb.VisibleTo(f))
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
	if len(tags) > 0 {
		list = append(list, detail{Name: "Tags", Text: strings.Join(tags, ", "), Head: true})
	}
	add("Waits since", timeText(v, f.WaitingSince))
	if f.Window.Closed {
		add("Reply window", "closed: a reply is kept until the customer writes")
	} else if !f.Window.Until.IsZero() {
		add("Reply window", "open until "+timeText(v, f.Window.Until))
	}
	if f.Account.Mode != bridge.ModeLive {
		list = append(list, detail{Name: "Mode", Text: view.ModeWords(f.Account.Mode), Head: true})
	}
	add("Thread", f.Elsewhere)
	return list
}
