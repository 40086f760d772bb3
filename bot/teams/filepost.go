package teams

import (
	"context"
	"errors"
	"strings"

	"parley/bot/teams/card"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels"
)

// A customer's files are shown to agents in several messages, which are the parts of one bridge.Post. The first
// messages list the files by name, with download links for those that Teams can't show. The last message shows the
// pictures. They can't be in the same message, because Teams would split it. For example:
//
//	part 0   Ann sent invoice.pdf and photo.jpg
//	         Download invoice.pdf (link)
//	part 1   (the photo)

// sendFiles sends the part p.Part of a post of files.
func (s *poster) sendFiles(ctx context.Context, service string, p bridge.Post) (bridge.Sent, error) {
	list, more, err := s.fileListOf(ctx, p)
	if err != nil {
		return bridge.Sent{}, s.access.classifyBeforeSend(err, p)
	}
	if list == nil {
		return s.sendPictures(ctx, service, p)
	}
	a, err := s.activityOf(ctx, content{text: list}, p.Place.Channel)
	if err != nil {
		return bridge.Sent{}, s.access.classifyBeforeSend(err, p)
	}
	sent, err := s.postMessage(ctx, service, p.Place, a)
	sent.More = more
	return sent, err
}

// fileListOf returns the list of files in part p.Part; nil if that part has the pictures. more means that another part
// follows.
func (s *poster) fileListOf(ctx context.Context, p bridge.Post) (list *card.Message, more bool, err error) {
	lists, hasPictures, err := s.renderFileLists(ctx, p)
	if err != nil || p.Part >= len(lists) {
		return nil, false, err
	}

	list = &lists[p.Part]
	if p.Unsure { // the remark is added only to this message and doesn't change how the list is split into parts
		remark := view.Card{Blocks: []view.Block{view.Small(mayBeTwice)}}
		list.Text += "<br>" + card.Messages(remark, "", s.Home())[0].Text
	}

	return list, hasPictures || p.Part+1 < len(lists), nil
}

// renderFileLists renders the list of all files, which may need several messages. hasPictures means that a part with
// pictures follows.
func (s *poster) renderFileLists(ctx context.Context, p bridge.Post) (lists []card.Message, hasPictures bool, err error) {
	from := p.Facts.Contact
	if p.Said != nil {
		from = p.Said.From
	}

	var names []string
	var lines []view.Block
	for _, f := range p.Files {
		name := f.Name
		if f.SizeBytes == 0 {
			name += " (0 bytes)"
		}

		names = append(names, name)
		shownAs, err := chooseDisplay(ctx, f)
		if err != nil {
			return nil, false, err
		}
		if shownAs != displayLink {
			hasPictures = true
		}
		if shownAs != displayOriginal && f.SizeBytes > 0 {
			lines = append(lines, fileLine(f, shownAs))
		}
	}

	c := view.Files(from, names, p.Missing)
	c.Blocks = append(c.Blocks, lines...)

	return card.Messages(c, p.Facts.Account.ChannelIcon, s.Home()), hasPictures, nil
}

// fileLine makes the line with the download link of a file, or with the reason why it has none.
func fileLine(f channels.File, how display) view.Block {
	link, whyNot := downloadLink(f)
	if whyNot == "" {
		return view.Block{Kind: view.BlockLine, Pieces: []view.Piece{{Kind: view.PieceLink, Text: "Download " + f.Name, URL: link}}}
	}

	unshown := f.Name + " can't be shown here: "
	if how == displayCopy {
		unshown = "Only a smaller copy of " + f.Name + " can be shown here: "
	}
	return view.Block{Kind: view.BlockSmall, Pieces: []view.Piece{{Kind: view.PieceText, Text: unshown + whyNot}}}
}

// downloadLink returns the download link of a file. If there is none, it returns why not, for people to read.
func downloadLink(f channels.File) (link, whyNot string) {
	if f.Link == nil {
		return "", "this Parley has no public address. An admin can set PARLEY_PUBLIC_URL."
	}
	link, err := f.Link()
	if err == nil {
		return link, ""
	}
	if sendErr, ok := errors.AsType[*channels.SendError](err); ok {
		return "", sendErr.Text
	}
	return "", "there is no link to it"
}

// sendPictures sends the part with the pictures. It leaves out files that turn out not to be pictures.
func (s *poster) sendPictures(ctx context.Context, service string, p bridge.Post) (bridge.Sent, error) {
	a := Activity{Type: TypeMessage, Content: Content{AttachmentLayout: "list"}}
	for _, f := range p.Files {
		drawn, ok, err := s.drawPicture(ctx, f)
		switch {
		case errors.Is(err, errNoPicture):
			s.Log.Info("teams shows no such picture", "error", err, "bytes", f.SizeBytes)
		case err != nil:
			return bridge.Sent{}, s.access.classifyBeforeSend(err, p)
		case ok:
			a.Attachments = append(a.Attachments, drawn.makeAttachment(f.Name))
		}
	}

	if len(a.Attachments) == 0 {
		return bridge.Sent{Thread: p.Place.Thread}, nil
	}

	return s.postMessage(ctx, service, p.Place, a)
}

// drawPicture reads a file as a picture that Teams can show. ok is false if the file isn't shown as a picture.
func (s *poster) drawPicture(ctx context.Context, f channels.File) (drawn inlinePicture, ok bool, err error) {
	shownAs, err := chooseDisplay(ctx, f)
	switch shownAs {
	case displayOriginal:
		drawn, err = readOriginal(ctx, f)
	case displayCopy:
		drawn, err = s.copyPicture(ctx, f)
	case displayLink:
		return inlinePicture{}, false, err
	}
	return drawn, err == nil, err
}

// contentOfFiles returns how a part of a post of files can be recognised in Teams, in case it isn't known whether it was
// posted. A list is recognised by its text. The pictures are recognised as a message without text, of which only one is
// being sent at any time.
func (s *poster) contentOfFiles(ctx context.Context, p bridge.Post) (postContent, error) {
	list, more, err := s.fileListOf(ctx, p)
	if err != nil {
		return postContent{}, err
	}
	if list == nil {
		return postContent{isIn: isOnlyPictures}, nil
	}
	return postContent{isIn: hasText(*list), more: more}, nil
}

func isOnlyPictures(m *Message) bool {
	if readableText(m.Body.Content) != "" {
		return false
	}
	return len(m.Attachments) > 0 || strings.Contains(m.Body.Content, "<img")
}
