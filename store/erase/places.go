package erase

import "slices"

// An erasure goes through a list of places that may hold data about the contact, a customer, and empties each. The dry run
// counts the rows of the same places, and the export for the contact reads them. A place consists of a few pieces of SQL,
// from which these statements are built. For example,
//
//	place{Name: "threads", Table: "threads", About: ofConversation, Filled: `t.card <> ''`, Clear: `card = ''`}
//
// becomes UPDATE threads SET card = '' for the rows of the contact's conversations that have a card.

// place describes rows of one table that may hold data about a contact. About, Filled and Export are SQL expressions on the
// row t. They may use the arguments of scope.namedArguments.
type place struct {
	Name  string // unique; the table's name if it is the only place in the table
	Table string
	What  string // describes the data, for people
	// About is the condition for the rows about the contact.
	About string
	// Filled is the condition for those of these rows that still have something to erase. It is empty if all have.
	Filled string
	// Clear is the SET list that erases the data and keeps the row. It is empty if the row is deleted.
	Clear string
	Turn  turn // when the place is erased
	// Files is a column that refers to a blob. The blob is deleted if nothing else refers to it.
	Files string
	// Together, if not nil, is another place that is erased in the same transaction. The list also has it on its own, for
	// rows that are added later.
	Together *place
	// Export is what the export for the contact shows of a row. It is empty for internal data that repeats other places.
	Export string
}

// turn says when a place is erased. Background work, such as an analysis of a conversation, may start while an erasure runs,
// and read data that is not erased yet. So its places are erased a second time at the end.
type turn int

const (
	afterJournal   turn = iota // once, after the journal (the log of incoming events)
	workInProgress             // a queue of work: before the journal, which gets the results, and again at the end
	madeByWork                 // results of work: after the journal, and again at the end
)

// listPlaces returns all places in the order in which they are erased. Those that help to find others come last. The journal
// is erased before them (journal.go), and work in progress before the journal.
func listPlaces() []place {
	return slices.Concat(deliveryPlaces(), machinePlaces(), machinePlacesElsewhere(), waitingPlaces(), customerPlaces(), corePlaces())
}

// Conditions that several places share. Shared conversations are those of other customers in which the contact took part, as
// somebody in copy, for example.
const (
	ofConversation = `t.conversation_id = ANY(@conversations)`
	ofMessage      = ofConversation + ` OR t.message_id = ANY(@messages)`
	// whereContactWrote is true in shared conversations in which the contact wrote something.
	whereContactWrote      = `t.conversation_id = ANY(@shared) AND t.conversation_id = ANY(ARRAY(` + conversationsWrittenIn + `))`
	conversationsWrittenIn = `SELECT m.conversation_id FROM messages AS m WHERE m.id = ANY(@messages)`
)

// rowCondition returns the SQL condition for the rows of a place that still have something to erase.
func (p place) rowCondition() string {
	if p.Filled == "" {
		return "(" + p.About + ")"
	}
	return "(" + p.About + ") AND (" + p.Filled + ")"
}

// countStatement returns the statement that counts the rows of a place that have something to erase.
func (p place) countStatement() string {
	return `SELECT count(*) FROM ` + p.Table + ` AS t WHERE ` + p.rowCondition()
}

// eraseStatement returns the statement that erases one batch of rows of a place, collects their files in erased_blobs, and
// returns the number of rows. If another transaction changes a row while the statement waits for its lock, the row gets
// another ctid and is not erased: the next batch or run examines it again.
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

// exportStatement returns the statement that reads a place for the export.
func (p place) exportStatement() string {
	return `SELECT ` + p.Export + ` FROM ` + p.Table + ` AS t WHERE ` + p.About
}
