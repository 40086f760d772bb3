package settings

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"parley/bot/web"
	"parley/bridge"
)

// These pages permanently erase all data of a customer, as data protection laws require:
//
//	showErase     searches for the customer
//	showContact   shows how many records would be removed
//	eraseContact  erases them
//
// Data that can't be removed at once, such as posts in Slack and Teams, is removed in the background. At the end there is a
// certificate that lists what was removed.

// ErrWaiting means that an erasure has begun, but events or posts about the customer are still queued.
var ErrWaiting = errors.New("records: something about the customer still waits to be applied")

// ErrInChats means that an erasure is complete except for posts in chats, which are being removed.
var ErrInChats = errors.New("records: posts in chats are still being erased")

// ErrNone means that something doesn't exist.
var ErrNone = errors.New("records: there is no such thing")

func (p recordsPages) eraseRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET /settings/erase", For: web.Admins, Do: p.showErase},
		{Pattern: "GET /settings/erase/contact/{id}", For: web.Admins, Do: p.showContact, Streams: true},
		{Pattern: "POST /settings/erase/contact/{id}", For: web.Admins, Do: p.eraseContact, Streams: true},
		{Pattern: "GET /settings/erase/contact/{id}/export", For: web.Admins, Do: p.exportContact, Streams: true},
		{Pattern: "POST /settings/erase/go-on/{erasure}", For: web.Admins, Do: p.continueErasure, Streams: true},
		{Pattern: "GET /settings/erase/certificate/{erasure}", For: web.SuperAdmins, Do: p.sendCertificate},
	}
}

// shownErase is the template data of erase.html.
type shownErase struct {
	Asked    web.Field // the search
	Found    []shownContact
	Nobody   bool // the search found nobody
	Erasures []shownErasure
	Super    bool // the viewer may download certificates
}

type shownContact struct {
	Contact

	Path  string
	Known string // the day of the first contact
}

type shownErasure struct {
	Erasure

	When string
}

const (
	eraseTitle = "Erase and export"
	eraseHelp  = "Gives you everything that stands of one customer, or removes it for good: " +
		"from the database and from what Parley posted in Slack and Teams, not from the mailbox or the provider."
)

// showErase shows the search for a customer, its results, and the newest erasures.
func (p recordsPages) showErase(v *web.Visit) error {
	text := v.Value("contact")
	shown := shownErase{Asked: web.Field{Name: "contact", Label: "Address, number or contact's id", Value: text}, Super: v.Person.Super}
	if text == "" && v.Request.Form.Has("contact") {
		shown.Asked.Problem = "Type an address, a number or an id."
	}
	if text != "" {
		found, err := p.desk.FindContacts(v.Context(), v.Person.ID, text)
		if err != nil {
			return err
		}

		for _, c := range found {
			since := c.Since.In(v.Now().Location()).Format("2006-01-02")
			shown.Found = append(shown.Found, shownContact{Contact: c, Path: contactPath(c.ID), Known: since})
		}

		shown.Nobody = len(found) == 0
	}

	list, err := p.desk.Erasures(v.Context())
	if err != nil {
		return err
	}

	for _, e := range list {
		when := e.At.In(v.Now().Location()).Format("2006-01-02 15:04")
		shown.Erasures = append(shown.Erasures, shownErasure{Erasure: e, When: when})
	}

	return v.Show("erase", web.Screen{Title: eraseTitle, Help: eraseHelp, Data: shown})
}

func contactPath(id bridge.ContactID) string { return fmt.Sprintf("/settings/erase/contact/%d", id) }

// requestedContact returns the customer with the id in the URL. It returns ErrNone if there is none.
func (p recordsPages) requestedContact(v *web.Visit) (*Contact, error) {
	id, err := strconv.ParseInt(v.Request.PathValue("id"), 10, 64)
	if err != nil {
		return nil, ErrNone
	}

	found, err := p.desk.FindContacts(v.Context(), v.Person.ID, strconv.FormatInt(id, 10))
	if err != nil {
		return nil, err
	}

	for i := range found {
		if found[i].ID == bridge.ContactID(id) {
			return &found[i], nil
		}
	}

	return nil, ErrNone
}

// refuseUnknown responds to ErrNone of requestedContact with status 404. It returns other errors unchanged.
func refuseUnknown(v *web.Visit, err error) error {
	if !errors.Is(err, ErrNone) {
		return err
	}
	return v.Refuse(http.StatusNotFound, "There is no such customer.", "Look for an address, a number or an id on the page Erase and export.")
}

// shownPlan is the template data of plan.html: what an erasure would remove.
type shownPlan struct {
	Contact Contact
	Path    string
	Alike   []Alike // others who may be the same person
	More    bool    // there are more of them
	Places  []RecordsPlace
	Rows    int64
	Problem string
}

// showContact shows what an erasure of a customer would remove.
func (p recordsPages) showContact(v *web.Visit) error {
	const noProblem = ""
	return p.showPlan(v, noProblem)
}

// showPlan shows what an erasure would remove. problem is what was wrong with a submitted form; "" means nothing.
func (p recordsPages) showPlan(v *web.Visit, problem string) error {
	c, err := p.requestedContact(v)
	if err != nil {
		return refuseUnknown(v, err)
	}

	places, err := p.desk.CountContact(v.Context(), c.ID)
	if err != nil {
		return err
	}

	alike, hasMore, err := p.desk.FindAlike(v.Context(), v.Person.ID, c.ID)
	if err != nil {
		return err
	}
	for i, a := range alike {
		alike[i].Chosen = slices.Contains(v.Request.Form["also"], strconv.FormatInt(int64(a.ID), 10))
	}

	shown := shownPlan{Contact: *c, Path: contactPath(c.ID), Alike: alike, More: hasMore, Problem: problem}
	for _, place := range places {
		shown.Rows += place.Rows
		if place.Rows > 0 {
			shown.Places = append(shown.Places, place)
		}
	}

	screen := web.Screen{Title: "Erase " + c.Title(), Data: shown,
		Help: "This is what stands of the customer now. Nothing has been changed yet."}
	if shown.Rows == 0 {
		screen.Title, screen.Help = c.Title(), "The customer was erased."
	}
	if problem != "" {
		return v.ShowAgain("plan", screen)
	}

	return v.Show("plan", screen)
}

// eraseContact erases a customer, and other contacts who were ticked as the same person. The form has a checkbox to confirm
// that.
func (p recordsPages) eraseContact(v *web.Visit) error {
	if v.Value("sure") != "true" {
		return p.showPlan(v, "Tick the box first: what is erased can't be brought back.")
	}
	c, err := p.requestedContact(v)
	if err != nil {
		return refuseUnknown(v, err)
	}

	contacts := []bridge.ContactID{c.ID}
	for _, also := range v.Request.PostForm["also"] {
		id, err := strconv.ParseInt(also, 10, 64)
		if err != nil {
			return v.NotFound()
		}
		contacts = append(contacts, bridge.ContactID(id))
	}

	slices.Sort(contacts)
	_, err = p.desk.EraseContacts(v.Context(), v.Person, slices.Compact(contacts))
	return answerErased(v, err)
}

// continueErasure continues an erasure that was interrupted.
func (p recordsPages) continueErasure(v *web.Visit) error {
	return answerErased(v, p.desk.GoOnErasing(v.Context(), v.Request.PathValue("erasure")))
}

// answerErased redirects to the search, which shows the result of an erasure once. err is from EraseContacts or
// GoOnErasing.
func answerErased(v *web.Visit, err error) error {
	var text string
	switch {
	case errors.Is(err, ErrNone):
		return v.NotFound()
	case errors.Is(err, ErrWaiting):
		text = "Begun. Something about the customer still waits to be applied or posted; Parley goes on by itself."
	case errors.Is(err, ErrInChats):
		text = "Erased here. Parley now takes its posts out of Slack and Teams, as fast as they allow; the certificate follows."
	case err != nil:
		return err
	case v.Person.Super:
		text = "Erased. The certificate below says what was removed, and in which threads colleagues' own words are left."
	default:
		text = "Erased. A super-admin can read in the certificate in which threads colleagues' own words are left: ask one for it."
	}
	return v.GoWithText("/settings/erase", text)
}

// sendCertificate sends the certificate of an erasure as a JSON file.
func (p recordsPages) sendCertificate(v *web.Visit) error {
	id := v.Request.PathValue("erasure")
	body, err := p.desk.Certificate(v.Context(), id)
	if errors.Is(err, ErrNone) {
		return v.NotFound()
	}
	if err != nil {
		return err
	}
	return download(v, "application/json", "erasure-"+id+".json", body)
}

// download sends a file that the browser saves.
func download(v *web.Visit, contentType, name string, body []byte) error {
	setDownload(v, contentType, name)
	_, _ = v.Writer.Write(body) // an error means that the browser has disconnected
	return nil
}

// setDownload sets the headers that make the browser save the response as a file.
func setDownload(v *web.Visit, contentType, name string) {
	v.Writer.Header().Set("Content-Type", contentType)
	v.Writer.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
}
