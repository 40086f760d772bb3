package erase

import "slices"

// An erasure goes through a list of places where something about the contact (a customer) may be, and empties each. The
// dry run counts the rows of the same list, and a copy for the contact is read from it. A place is two or three pieces of
// SQL, of which the statements are made. An example:
//
//	place{Name: "threads", Table: "threads", About: ofConversation, Filled: `t.card <> ''`, Clear: `card = ''`}
//
// is erased by UPDATE threads SET card = '' for the rows of the contact's conversations in which there is a card.

// place is where something about a contact may be: rows of one table. About, Filled and Export are SQL about the row t. They
// may use the arguments of scope.namedArguments.
type place struct {
	Name  string // unique; the table's name if it is the only place in the table
	Table string
	What  string // what is found there, for people
	// About is the condition of the rows that have to do with the contact.
	About string
	// Filled is the condition of those of these rows in which something is left to erase. It is empty if that is all of them.
	Filled string
	// Clear sets the columns that hold something to values without it: the row stays. It is empty if the row is removed.
	Clear string
	// Turn says when the place is erased.
	Turn turn
	// Files is a column with the name of a blob, which is removed if nobody else needs it.
	Files string
	// Together is erased in the same transaction. It is in the list as well, under the same name, for what is there later.
	// It may be nil.
	Together *place
	// Export is what a copy for the contact shows of a row. It is empty if the place only serves Parley's work and says no
	// more than other places.
	Export string
}

// turn says when a place is erased. Work that began while places were erased has read words that were still there. So what
// belongs to work is erased a second time, when the words are gone.
type turn int

const (
	afterJournal   turn = iota // once, after the journal
	workInProgress             // before the journal, into which its results go, and again at the end
	madeByWork                 // after the journal, and again at the end: it has words that work, or the making of examples, has read
)

// listPlaces returns all places in the order in which they are erased: a place by which others are found comes last. The
// journal is erased before them (journal.go), and before the journal the places of work in progress.
func listPlaces() []place {
	return slices.Concat(deliveryPlaces(), machinePlaces(), machinePlacesElsewhere(), waitingPlaces(), corePlaces())
}

// Conditions that places of several subjects share.
const (
	ofConversation = `t.conversation_id = ANY(@conversations)`
	ofMessage      = ofConversation + ` OR t.message_id = ANY(@messages)`
	// whereWrote is true in other customers' conversations in which the contact wrote, in copy.
	whereWrote = `t.conversation_id = ANY(@shared) AND t.conversation_id = ANY(ARRAY(` + writtenIn + `))`
	writtenIn  = `SELECT m.conversation_id FROM messages AS m WHERE m.id = ANY(@messages)`
)

// rowCondition returns the SQL condition that is true for the rows of a place that hold something of the contact.
func (p place) rowCondition() string {
	if p.Filled == "" {
		return "(" + p.About + ")"
	}
	return "(" + p.About + ") AND (" + p.Filled + ")"
}

// countStatement returns the statement that counts what a place holds.
func (p place) countStatement() string {
	return `SELECT count(*) FROM ` + p.Table + ` AS t WHERE ` + p.rowCondition()
}

// eraseStatement returns the statement that erases one batch of a place, notes the files of its rows, and returns the
// number of rows. A row that another transaction changes while the statement waits for it stays, since it has another ctid
// then: the next batch or run looks at it again.
func (p place) eraseStatement() string {
	change := `DELETE FROM ` + p.Table
	if p.Clear != "" {
		change = `UPDATE ` + p.Table + ` SET ` + p.Clear
	}

	file := "NULL::text"
	if p.Files != "" {
		file = p.Files
	}

	return `
		WITH page AS MATERIALIZED (
			SELECT t.ctid AS at FROM ` + p.Table + ` AS t WHERE ` + p.rowCondition() + ` LIMIT @limit FOR UPDATE OF t
		), done AS (
			` + change + ` WHERE ctid = ANY(ARRAY(SELECT at FROM page)) RETURNING ` + file + ` AS blob
		), files AS (
			INSERT INTO erased_blobs (erasure_id, hash)
			SELECT DISTINCT @erasure::uuid, blob FROM done WHERE blob IS NOT NULL
			ON CONFLICT DO NOTHING
		)
		SELECT count(*) FROM done`
}

// exportStatement returns the statement that reads a place for the contact.
func (p place) exportStatement() string {
	return `SELECT ` + p.Export + ` FROM ` + p.Table + ` AS t WHERE ` + p.About
}
