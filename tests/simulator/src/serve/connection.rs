//! A connection on which a request may send other bytes than an answer, or none.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{body::Body, http::Response};
use axum_server::{accept::Accept, tls_rustls::RustlsAcceptor};
use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

use crate::faults::wire::{End, Script};

/// The stream inside: TLS over TCP.
type Tls = <RustlsAcceptor as Accept<TcpStream, ()>>::Stream;

/// Lets a request say what its connection sends instead of an answer.
#[derive(Clone, Default)]
pub(super) struct Connection(Arc<Mutex<Option<Script>>>);

impl Connection {
    /// Nothing is sent any more: the socket fails first.
    pub(super) fn reset(&self) -> Response<Body> {
        self.play(Script { first: Bytes::new(), again: None, end: End::Reset })
    }

    /// The answer is never written; these bytes are.
    pub(super) fn play(&self, script: Script) -> Response<Body> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(script);
        Response::new(Body::empty())
    }

    fn take(&self) -> Option<Script> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A stream that sends what is written, until a script is to be played.
pub(super) struct Stream {
    inner: Tls,
    connection: Connection,
    playing: Option<Playback>,
}

/// How far a script is.
struct Playback {
    left: Bytes,
    again: Option<(Bytes, Duration)>,
    pause: Option<Pin<Box<Sleep>>>,
    end: End,
}

impl Stream {
    pub(super) fn new(inner: Tls, connection: Connection) -> Self {
        Self { inner, connection, playing: None }
    }

    /// Plays the script to its end, which is always that of the connection.
    fn play(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        if let Some(Script { first, again, end }) = self.connection.take() {
            self.playing = Some(Playback { left: first, again, pause: None, end });
        }
        let Some(playing) = &mut self.playing else { return Poll::Ready(io::ErrorKind::NotConnected.into()) };
        let inner = Pin::new(&mut self.inner);
        match play(playing, inner, context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(error),
            Poll::Ready(Ok(())) => Poll::Ready(io::ErrorKind::ConnectionReset.into()),
        }
    }

    fn is_playing(&self) -> bool {
        self.playing.is_some() || self.connection.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

fn play(playing: &mut Playback, mut inner: Pin<&mut Tls>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
    loop {
        if let Some(pause) = &mut playing.pause {
            ready!(pause.as_mut().poll(context));
            playing.pause = None;
        }
        while !playing.left.is_empty() {
            let written = ready!(inner.as_mut().poll_write(context, &playing.left))?;
            playing.left = playing.left.slice(written..);
        }
        ready!(inner.as_mut().poll_flush(context))?;
        let Some((again, pause)) = &playing.again else { break };
        playing.left = again.clone();
        if !pause.is_zero() {
            playing.pause = Some(Box::pin(sleep(*pause)));
        }
    }
    match playing.end {
        End::Close => inner.poll_shutdown(context),
        // Without the lingering that lets the last bytes arrive, the closed socket sends a reset.
        End::Reset => Poll::Ready(inner.get_ref().0.set_zero_linger()),
        End::Held => {
            let mut bytes = [0; 64];
            loop {
                let mut buffer = ReadBuf::new(&mut bytes);
                ready!(inner.as_mut().poll_read(context, &mut buffer))?;
                if buffer.filled().is_empty() {
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_playing() {
            return self.play(context).map(Err);
        }
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_playing() {
            return self.play(context).map(Err);
        }
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
