package server

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/parleyws/parley/handshake"
)

// What the application decides about a client, in the order in which it is asked:
// whether the request is for this server, whether the client may connect, which
// subprotocol it gets, what else the answer says, and what to do with a client that
// is refused.

// wants reports whether a request is for this server, not for Next.
func (s *Server) wants(r *http.Request) bool {
	return asksForWebSocket(r) && s.checkTarget(r) == nil
}

// asksForWebSocket reports whether r asks for an upgrade, well or badly.
func asksForWebSocket(r *http.Request) bool {
	if handshake.IsExtendedConnect(r) {
		return true
	}
	for _, value := range r.Header["Upgrade"] {
		for token := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.Trim(token, " \t"), "websocket") {
				return true
			}
		}
	}
	return false
}

// checkTarget refuses requests that this server does not handle.
func (s *Server) checkTarget(r *http.Request) error {
	if path, _, _ := strings.Cut(r.RequestURI, "?"); s.Path != "" && path != s.Path {
		return &handshake.Error{Status: http.StatusNotFound, Reason: "no WebSocket here"}
	}
	if s.ShouldHandle != nil && !s.ShouldHandle(r) {
		return &handshake.Error{Status: http.StatusBadRequest, Reason: "not for this WebSocket server"}
	}
	return nil
}

func (s *Server) verify(r *http.Request) error {
	if s.Verify == nil {
		return nil
	}
	return s.Verify(r.Context(), r)
}

func (s *Server) chooseSubprotocol(req handshake.Request, r *http.Request) (string, error) {
	if s.SelectSubprotocol != nil {
		return s.selectSubprotocol(req, r)
	}
	for _, ours := range s.Subprotocols {
		if slices.Contains(req.Subprotocols, ours) {
			return ours, nil
		}
	}
	return "", nil
}

func (s *Server) selectSubprotocol(req handshake.Request, r *http.Request) (string, error) {
	if len(req.Subprotocols) == 0 {
		return "", nil
	}
	name, err := s.SelectSubprotocol(r, slices.Clone(req.Subprotocols))
	if err == nil && name != "" && !slices.Contains(req.Subprotocols, name) {
		return "", fmt.Errorf("websocket: SelectSubprotocol chose %q, which the client does not offer", name)
	}
	return name, err
}

// hasHooks reports whether there is something to ask that needs an [http.Request].
func (s *Server) hasHooks() bool {
	return s.Path != "" || s.ShouldHandle != nil || s.Verify != nil || s.SelectSubprotocol != nil || s.ResponseHeader != nil
}

// refuse answers the client, unless OnRefusal does, and returns err.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) error {
	if s.OnRefusal != nil {
		if r.ProtoMajor < 2 {
			w.Header().Set("Connection", "close") // see handshake.Refuse
		}
		if s.OnRefusal(w, r, err) {
			return err
		}
	}
	handshake.Refuse(w, r, err)
	return err
}
