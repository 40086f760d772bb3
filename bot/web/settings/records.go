package settings

import (
	"cmp"
	"context"

	"fmt"
	"io"
	"slices"
	"time"

	"parley/bot/web"
	"parley/bridge"
)

// RecordsDesk is the backend of these pages.
type RecordsDesk interface {
	logDesk
	eraseDesk
	stuckDesk
	healthDesk
}

type recordsPages struct {
	desk      RecordsDesk
	exporting chan struct{} // a semaphore for one export at a time
}

// RecordsArea returns the area of these pages.
func RecordsArea(desk RecordsDesk) web.Area {
	p := recordsPages{desk: desk, exporting: make(chan struct{}, 1)}
	return web.Area{
		Name:      "records",
		Templates: templates,
		Routes:    slices.Concat(p.logRoutes(), p.eraseRoutes(), p.stuckRoutes(), p.healthRoutes()),
	}
}

// eraseDesk is the backend of the pages that erase and export customers.
type eraseDesk interface {
	// FindContacts returns the customers with an address, a phone number or an id. It omits names and addresses that are
	// only known in accounts that the viewer has no access to, unless they are equal to text.
	FindContacts(ctx context.Context, viewer bridge.AgentID, text string) ([]Contact, error)

	// FindAlike returns other customers who may be the same person, with addresses and names as in FindContacts. hasMore means
	// that there are more of them.
	FindAlike(ctx context.Context, viewer bridge.AgentID, id bridge.ContactID) (list []Alike, hasMore bool, err error)

	// CountContact returns how many records of each kind an erasure of a customer would remove.
	CountContact(ctx context.Context, id bridge.ContactID) ([]RecordsPlace, error)

	// EraseContacts erases a customer, who may be several contacts, logs who did it, and returns the id of the erasure.
	// ErrWaiting and ErrInChats mean that the erasure has begun and continues in the background. ErrNone means that there is
	// no such contact.
	EraseContacts(ctx context.Context, by web.Person, ids []bridge.ContactID) (erasure string, err error)

	// GoOnErasing continues an unfinished erasure. It returns ErrWaiting, ErrInChats or ErrNone like EraseContacts.
	GoOnErasing(ctx context.Context, erasure string) error

	// Erasures returns the newest erasures.
	Erasures(ctx context.Context) ([]Erasure, error)

	// Certificate returns the certificate of a finished erasure as JSON. It returns ErrNone if there is none.
	Certificate(ctx context.Context, erasure string) ([]byte, error)

	// ExportContact streams a zip with all data of a customer to w. It returns a *bridge.Problem if the person may not
	// read all of the customer's conversations.
	ExportContact(ctx context.Context, by web.Person, id bridge.ContactID, w io.Writer) error
}

// Contact is a customer.
type Contact struct {
	ID            bridge.ContactID
	Name          string // "" if unknown, or only known in accounts that the viewer has no access to
	Since         time.Time
	Addresses     []string
	Closed        bool // some addresses are omitted, because the viewer has no access to their accounts
	Conversations int64
}

// Title returns the customer's name or, without one, "contact 12".
func (c Contact) Title() string { return cmp.Or(c.Name, fmt.Sprintf("contact %d", c.ID)) }

// Alike is another customer who may be the same person as the one who is to be erased.
type Alike struct {
	Contact

	Latest bridge.ConversationID // the newest conversation; 0 if there is none
	Why    []string              // what speaks for it: "has the same name"
	Chosen bool                  // the viewer wants to erase this one, too
}

// RecordsPlace is one kind of stored record of a customer, and what an erasure does with it.
type RecordsPlace struct {
	What string // the kind, as text for the page
	How  string // "removed" or "emptied"
	Rows int64
}

// Erasure is a finished or unfinished erasure of a customer.
type Erasure struct {
	ID   string
	By   string
	At   time.Time
	Done bool

	InChats int64 // posts in chats that are not removed yet
}
