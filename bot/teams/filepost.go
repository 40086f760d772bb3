package teams

import (
	"context"
	"errors"
	"strings"

	"parley/bot/teams/card"
	"parley/bot/teams/connector"
	"parley/bot/teams/graph"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels"
)

// A customer's files are shown to agents in several messages, the parts of one bridge.Post. The first ones list the
// files by name, with links for downloading those that Teams can't show. The last one shows the pictures. They can't
// be in the same message, since Teams would split it.

// sendFiles sends the part of a post of files that p.Part names.
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

// fileListOf returns the list in part p.Part; nil if that has the pictures. more means that a part follows.
func (s *poster) fileListOf(ctx context.Context, p bridge.Post) (list *card.Message, more bool, err error) {
	lists, hasPictures, err := s.renderFileLists(ctx, p)
	if err != nil || p.Part >= len(lists) {
		return nil, false, err
	}

	list = &lists[p.Part]
	if p.Unsure { // added to this message alone, so that it changes no other part
		remark := view.Card{Blocks: []view.Block{view.Small(mayBeTwice)}}
		list.Text += "<br>" + card.Messages(remark, "", s.Home())[0].Text
	}

	return list, hasPictures || p.Part+1 < len(lists), nil
}

// renderFileLists lays out the list of all files. Because of the links it may need several messages. hasPictures
// means that a part with pictures follows.
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
		how, err := chooseDisplay(ctx, f)
		if err != nil {
			return nil, false, err
		}
		if how != displayLink {
			hasPictures = true
		}
		if how != displayOriginal && f.SizeBytes > 0 {
			lines = append(lines, fileLine(f, how))
		}
	}

	c := view.Files(from, names, p.Missing)
	c.Blocks = append(c.Blocks, lines...)

	return card.Messages(c, p.Facts.Account.ChannelIcon, s.Home()), hasPictures, nil
}

// fileLine makes the line with the link for downloading a file, or with the reason why there is no link.
func fileLine(f channels.File, how display) view.Block {
	unshown := f.Name + " can't be shown here: "
	if how == displayCopy {
		unshown = "Only a smaller copy of " + f.Name + " can be shown here: "
	}

	why := "this Parley has no public address. An admin can set PARLEY_PUBLIC_URL."
	if f.Link != nil {
		address, err := f.Link()
		if err == nil {
			return view.Block{Kind: view.BlockLine, Pieces: []view.Piece{{Kind: view.PieceLink, Text: "Download " + f.Name, URL: address}}}
		}

		why = "there is no link to it"
		if se, ok := errors.AsType[*channels.SendError](err); ok {
			why = se.Text
		}
	}

	return view.Block{Kind: view.BlockSmall, Pieces: []view.Piece{{Kind: view.PieceText, Text: unshown + why}}}
}

// sendPictures sends the part with the pictures. It leaves out files that turn out to be no pictures.
func (s *poster) sendPictures(ctx context.Context, service string, p bridge.Post) (bridge.Sent, error) {
	a := connector.Activity{Type: connector.TypeMessage, Content: connector.Content{AttachmentLayout: "list"}}
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
	how, err := chooseDisplay(ctx, f)
	switch how {
	case displayOriginal:
		drawn, err = readOriginal(ctx, f)
	case displayCopy:
		drawn, err = s.copyPicture(ctx, f)
	case displayLink:
		return inlinePicture{}, false, err
	}
	return drawn, err == nil, err
}

// contentOfFiles returns how a part of a post of files looks. A list is recognised by its text. The pictures are a
// message without text: no two of these are under way at the same time.
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

func isOnlyPictures(m *graph.Message) bool {
	if readableText(m.Body.Content) != "" {
		return false
	}
	return len(m.Attachments) > 0 || strings.Contains(m.Body.Content, "<img")
}
