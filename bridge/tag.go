package bridge

// MaxTagRunes is how long the name of a tag may be.
const MaxTagRunes = 40

// Tag of a conversation.
type Tag struct {
	Name  string
	Color string // #rrggbb
	About string // what it stands for, shown where tags are offered; may be empty
	Label bool   // it makes the conversations that have it stand out in lists
}

// TagCategories returns the categories of tags, in the order in which they are offered.
func TagCategories() []string { return []string{"topic", "issue", "priority", "workflow", "segment"} }
