//! The inputs of one account that wait for their turn.
//!
//! Frames that have arrived while the driver was busy are handed over together, so that they share one commit.

use std::cell::RefCell;
use std::task::{Context, Poll, Waker};

use plausch_engine::io::{Input, SocketId};
use plausch_engine::take_first;

/// A queue with one reader.
#[derive(Default)]
pub struct Inbox {
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    queue: Vec<Input>,
    reader: Option<Waker>,
    /// Nothing is taken in any more.
    closed: bool,
    stopped: bool,
}

impl Inbox {
    /// Adds an input.
    pub fn push(&self, input: Input) {
        let mut state = self.state.borrow_mut();
        if !state.closed {
            state.queue.push(input);
        }
        drop(state);
        self.wake();
    }

    /// Adds a frame, to those of its socket that wait already if nothing else came in between.
    pub fn push_frame(&self, socket: SocketId, frame: String) {
        let mut state = self.state.borrow_mut();
        let closed = state.closed;
        match state.queue.last_mut() {
            _ if closed => {}
            Some(Input::Frames { socket: last, frames }) if *last == socket => frames.push(frame),
            _ => state.queue.push(Input::Frames { socket, frames: vec![frame] }),
        }
        drop(state);
        self.wake();
    }

    /// Drops what waits of a socket that nobody wants to hear of any more.
    pub fn forget(&self, socket: SocketId) {
        self.state.borrow_mut().queue.retain(|input| match input {
            Input::SocketOpened(id) | Input::SocketClosed(id) | Input::Frames { socket: id, .. } => *id != socket,
            _ => true,
        });
    }

    /// What waits is read, and nothing after that.
    pub fn close(&self) {
        self.state.borrow_mut().closed = true;
        self.wake();
    }

    /// Nothing is read any more, at once.
    pub fn stop(&self) {
        let mut state = self.state.borrow_mut();
        (state.closed, state.stopped) = (true, true);
        drop(state);
        self.wake();
    }

    /// Whether it has been closed or stopped.
    pub fn is_closed(&self) -> bool {
        self.state.borrow().closed
    }

    /// Whether it has been stopped.
    pub fn is_stopped(&self) -> bool {
        self.state.borrow().stopped
    }

    /// Makes the reader look again.
    pub fn wake(&self) {
        let reader = self.state.borrow_mut().reader.take();
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// The next input; `None` once stopped.
    pub fn poll(&self, context: &Context<'_>) -> Poll<Option<Input>> {
        let mut state = self.state.borrow_mut();
        if state.stopped {
            return Poll::Ready(None);
        }
        if let Some(input) = take_first(&mut state.queue) {
            return Poll::Ready(Some(input));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        state.reader = Some(context.waker().clone());
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: SocketId = SocketId(1);
    const NEW: SocketId = SocketId(2);

    fn drain(inbox: &Inbox) -> Vec<String> {
        let context = Context::from_waker(Waker::noop());
        let mut seen = vec![];
        while let Poll::Ready(Some(input)) = inbox.poll(&context) {
            seen.push(match input {
                Input::Frames { socket, frames } => format!("{}:{}", socket.0, frames.join(",")),
                other => format!("{other:?}"),
            });
        }
        seen
    }

    #[test]
    fn frames_that_wait_go_together_but_never_overtake() {
        let inbox = Inbox::default();
        inbox.push_frame(OLD, "a".into());
        inbox.push_frame(OLD, "b".into());
        inbox.push(Input::Tick);
        inbox.push_frame(OLD, "c".into());
        inbox.push_frame(NEW, "d".into());
        assert_eq!(drain(&inbox), ["1:a,b", "Tick", "1:c", "2:d"]);
    }

    #[test]
    fn a_forgotten_socket_leaves_nothing_behind() {
        let inbox = Inbox::default();
        inbox.push(Input::SocketOpened(OLD));
        inbox.push_frame(OLD, "a".into());
        inbox.push(Input::SocketClosed(OLD));
        inbox.push_frame(NEW, "b".into());
        inbox.forget(OLD);
        assert_eq!(drain(&inbox), ["2:b"]);
    }

    #[test]
    fn once_closed_what_waits_is_read_and_nothing_more() {
        let inbox = Inbox::default();
        inbox.push(Input::Tick);
        inbox.push_frame(OLD, "a".into());
        inbox.close();
        inbox.push_frame(OLD, "b".into());
        inbox.push(Input::Tick);
        assert_eq!(drain(&inbox), ["Tick", "1:a"]);
        assert!(inbox.is_closed() && !inbox.is_stopped());
    }

    #[test]
    fn once_stopped_nothing_comes() {
        let inbox = Inbox::default();
        inbox.push(Input::Tick);
        inbox.stop();
        assert!(matches!(inbox.poll(&Context::from_waker(Waker::noop())), Poll::Ready(None)));
    }
}
