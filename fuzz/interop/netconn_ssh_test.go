package interop

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"io"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
)

// sshServer serves one SSH connection whose command "double" writes back, twice,
// what it gets, and ends with status 7.
type sshServer struct {
	t         *testing.T
	conn      *ssh.ServerConn
	keepalive chan struct{} // one for each that was asked
}

func (s *sshServer) serve(channels <-chan ssh.NewChannel, requests <-chan *ssh.Request) {
	var all sync.WaitGroup
	all.Go(func() {
		for r := range requests {
			if r.Type == "keepalive@openssh.com" {
				s.keepalive <- struct{}{}
			}
			r.Reply(false, nil) // as OpenSSH does
		}
	})
	for offered := range channels {
		if offered.ChannelType() != "session" {
			offered.Reject(ssh.UnknownChannelType, offered.ChannelType())
			continue
		}
		channel, requests, err := offered.Accept()
		if err != nil {
			s.t.Error(err)
			continue
		}
		all.Go(func() { s.session(channel, requests) })
	}
	all.Wait()
}

func (s *sshServer) session(channel ssh.Channel, requests <-chan *ssh.Request) {
	for r := range requests {
		var command struct{ Line string }
		ok := r.Type == "exec" && ssh.Unmarshal(r.Payload, &command) == nil && command.Line == "double"
		r.Reply(ok, nil)
		if !ok {
			continue
		}
		in, err := io.ReadAll(channel)
		if err != nil {
			s.t.Error(err)
		}
		channel.Write(in)
		channel.Stderr().Write(in)
		channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{7}))
		channel.Close()
	}
}

// sshOverNetConns returns an SSH connection over a WebSocket.
func sshOverNetConns(t *testing.T) (*sshServer, *ssh.Client) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	hostKey, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{PasswordCallback: func(m ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
		if m.User() != "parley" || string(password) != "secret" {
			return nil, errors.New("who are you?")
		}
		return nil, nil
	}}
	config.AddHostKey(hostKey)

	p := netConnsOverTCP(t)
	s := &sshServer{t: t, keepalive: make(chan struct{}, 100)}
	accepted := make(chan error, 1)
	var served sync.WaitGroup
	served.Go(func() {
		c, channels, requests, err := ssh.NewServerConn(p.server, config)
		s.conn = c
		accepted <- err
		if err == nil {
			s.serve(channels, requests)
		}
	})
	t.Cleanup(served.Wait)
	t.Cleanup(p.stop) // before it waits
	c, channels, requests, err := ssh.NewClientConn(p.client, "parley.test:22", &ssh.ClientConfig{
		User:            "parley",
		Auth:            []ssh.AuthMethod{ssh.Password("secret")},
		HostKeyCallback: ssh.FixedHostKey(hostKey.PublicKey()),
	})
	if err == nil {
		err = <-accepted
	}
	if err != nil {
		t.Fatal(err)
	}
	return s, ssh.NewClient(c, channels, requests)
}

func TestSSHRunsACommandOverAWebSocketG19(t *testing.T) {
	s, client := sshOverNetConns(t)
	session, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	session.Stdin = bytes.NewReader(mebibyte)
	var out, errOut bytes.Buffer
	session.Stdout, session.Stderr = &out, &errOut
	err = session.Run("double")
	var exit *ssh.ExitError
	if !errors.As(err, &exit) || exit.ExitStatus() != 7 {
		t.Errorf("the command ended by %v, want status 7", err)
	}
	if !bytes.Equal(out.Bytes(), mebibyte) || !bytes.Equal(errOut.Bytes(), mebibyte) {
		t.Errorf("got %d and %d bytes, want %d each", out.Len(), errOut.Len(), len(mebibyte))
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	if err := s.conn.Wait(); !errors.Is(err, io.EOF) {
		t.Errorf("the server's connection ended by %v, want io.EOF", err)
	}
}

// Keepalives go both ways while a command's output waits for somebody to read it.
func TestSSHKeepsAliveOverAWebSocketG19(t *testing.T) {
	s, client := sshOverNetConns(t)
	session, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	session.Stdin = bytes.NewReader(mebibyte)
	out, err := session.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Start("double"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, _, err := client.SendRequest("keepalive@openssh.com", true, nil); err != nil {
			t.Error(err)
		}
		<-s.keepalive
		if _, _, err := s.conn.SendRequest("keepalive@openssh.com", true, nil); err != nil {
			t.Error(err)
		}
	}
	readAll(t, out, mebibyte[1:])
}

func TestSSHConnectionsOverAWebSocketShareItG19(t *testing.T) {
	_, client := sshOverNetConns(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			session, err := client.NewSession()
			if err != nil {
				t.Error(err)
				return
			}
			want := mebibyte[:i*10_000]
			session.Stdin = bytes.NewReader(want)
			var out bytes.Buffer
			session.Stdout = &out
			session.Run("double")
			if !bytes.Equal(out.Bytes(), want) {
				t.Errorf("session %d: got %d bytes, want %d", i, out.Len(), len(want))
			}
		})
	}
	all.Wait()
}
