package interop

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// verdict is how a door answers an opening. Its zero value is of who was not
// asked.
type verdict struct {
	status int
	reason string      // the text of a refusal
	header http.Header // of the answer
	own    bool        // the proxy's, without asking the server
}

// ours reports whether it is a refusal of package handshake, by a field that
// others do not send.
func (v verdict) ours() bool { return v.header.Get("X-Content-Type-Options") != "" }

func (v verdict) String() string {
	switch {
	case v.status == 0:
		return "–"
	case v.own:
		return strconv.Itoa(v.status) + " by itself"
	case v.reason == "":
		return strconv.Itoa(v.status)
	}
	return strconv.Itoa(v.status) + " " + cell(v.reason)
}

// verdicts are those of each door, by the name of the case.
type verdicts map[string]map[string]verdict

// told are the verdicts on a case, one for each door. Those that are as the
// first one just say so.
func (all verdicts) told(o opening, doors []string) (cells []string) {
	first := all[doors[0]][o.Name]
	for i, door := range doors {
		v := all[door][o.Name]
		if i > 0 && v.status != 0 && v.status == first.status && v.reason == first.reason {
			cells = append(cells, "same")
			continue
		}
		cells = append(cells, v.String())
	}
	return cells
}

// detail is what a reason says of one request only.
var detail = regexp.MustCompile(`"(\\.|[^"\\])*("|…)`)

// table is a Markdown table of the refusals. Cases of one kind that are
// answered alike, but for what the answer quotes, share a row, which shows the
// first one's.
func (all verdicts) table(list []opening) string {
	doors := []string{direct, raw, overHTTP2}
	for _, p := range proxies {
		doors = append(doors, p.name)
	}
	type row struct {
		names []string
		cells []string
	}
	var rows []*row
	alike := map[string]*row{}
	least := list[0].request
	for _, o := range list {
		if o.Refuse == nil {
			continue
		}
		kind, name, _ := strings.Cut(o.Name, ": ")
		answers := all.told(o, doors)
		key := detail.ReplaceAllString(fmt.Sprint(kind, answers), "")
		r := alike[key]
		if r == nil {
			sent := fmt.Sprint(o.HTTP2Fields())
			if o.request != "" {
				sent = difference(least, o.request)
			}
			name = kind + ": " + name
			r = &row{cells: append([]string{cell(sent)}, answers...)}
			alike[key] = r
			rows = append(rows, r)
		}
		r.names = append(r.names, name)
	}
	var b strings.Builder
	b.WriteString("\n| refusal | request | " + strings.Join(doors, " | ") + " |\n|---|---|" + strings.Repeat("---|", len(doors)) + "\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s |\n", strings.Join(r.names, "; "), strings.Join(r.cells, " | "))
	}
	return b.String()
}

// difference tells a request by the lines in which it is not the least one.
func difference(least, request string) string {
	const end = "\r\n"
	theirs, ours := strings.Split(least, end), strings.Split(request, end)
	their, our := byName(theirs), byName(ours)
	var said []string
	for i, line := range ours {
		if i == 0 && line != theirs[0] || i > 0 && !slices.Equal(our[fieldName(line)], their[fieldName(line)]) {
			said = append(said, line)
		}
	}
	for _, line := range theirs[1:] {
		if _, ok := our[fieldName(line)]; !ok {
			name, _, _ := strings.Cut(line, ":")
			said = append(said, "no "+name)
		}
	}
	return strings.Join(said, end)
}

// byName returns the lines behind the first, by the names of their fields.
func byName(lines []string) map[string][]string {
	named := map[string][]string{}
	for _, line := range lines[1:] {
		named[fieldName(line)] = append(named[fieldName(line)], line)
	}
	return named
}

func fieldName(line string) string {
	name, _, _ := strings.Cut(line, ":")
	return strings.ToLower(name)
}

// cell makes text fit for a cell of a Markdown table.
func cell(s string) string {
	const most = 90
	if len(s) > most {
		s = s[:most] + "…"
	}
	s = strconv.QuoteToASCII(s)
	s = strings.NewReplacer("|", `\|`, "`", "'", `\"`, `"`, `\\`, `\`, `\u2026`, "…").Replace(s[1 : len(s)-1])
	return "`" + s + "`"
}
