"""One gateway's connection: frames out of its bytes, and its acknowledgements in their order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections import deque
from collections.abc import Iterable

from fcv_api.mllp.answers import Waiting
from fcv_api.mllp.site import Site
from fcv_api.mllp.storage import Storage
from fcv_api.mllp.tls import names_in
from fcv_api.wire.hl7.frames import FrameBuffer
from fcv_api.wire.hl7.segments import portions_of
from fcv_api.wire.hl7.source import Source

AT_ONCE = 65_536
MOST_OF_UNLISTED = 64 * 1024
"""Bytes of a frame of somebody who is no source: it is only refused."""
SECONDS_TO_TAKE = 30.0
"""For which a gateway may leave its acknowledgements unread."""
log = logging.getLogger("fcv_api")


class Connection:
    """Reads one gateway's frames, and writes what they are answered."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, storage: Storage) -> None:
        self._reader = reader
        self._writer = writer
        self._storage = storage
        self.address = str((writer.get_extra_info("peername") or ("",))[0])

    async def serve(self, site: Site) -> None:
        """Serve until the gateway goes, or does not do its part. Ends with the connection closed."""
        own: socket.socket = self._writer.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        source = site.source_of(self.address, names_in(self._writer.get_extra_info("peercert")))
        try:
            await self._serve(FrameBuffer(site.most if source else min(site.most, MOST_OF_UNLISTED)), source)
        except TimeoutError:
            log.warning("hl7: closed a connection of %s: no frame, or no answer taken, in its time", self.address)
        except (OSError, EOFError):
            pass  # the gateway went away
        finally:
            self._writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(self._writer.wait_closed(), 1)

    async def _serve(self, buffer: FrameBuffer, source: Source | None) -> None:
        loop = asyncio.get_running_loop()
        while data := await self._received(buffer.deadline()):
            frames = buffer.feed(data, loop.time())
            await self._answer((portion for frame in frames for portion in portions_of(frame)), source)
            if buffer.is_too_long:
                log.warning("hl7: closed a connection of %s: a message was too long", self.address)
                return

    async def _answer(self, portions: Iterable[bytes], source: Source | None) -> None:
        """Let portions of frames be stored, and write what they are answered, in their order.

        So many bytes of a connection wait at once as are read at once: a large frame is stored in the others' midst.
        """
        waiting: deque[tuple[int, asyncio.Future[bytes]]] = deque()
        held = 0
        for portion in portions:
            while waiting and held + len(portion) > AT_ONCE:
                held -= await self._write(*waiting.popleft())
            waiting.append((len(portion), self._stored(portion, source)))
            held += len(portion)
        while waiting:
            await self._write(*waiting.popleft())

    async def _write(self, size: int, answer: asyncio.Future[bytes]) -> int:
        """Write acknowledgements once they are there. Returns the size of the portion that they are of."""
        self._writer.write(await answer)
        await asyncio.wait_for(self._writer.drain(), SECONDS_TO_TAKE)
        return size

    async def _received(self, deadline: float | None) -> bytes:
        async with asyncio.timeout_at(deadline):
            return await self._reader.read(AT_ONCE)

    def _stored(self, portion: bytes, source: Source | None) -> asyncio.Future[bytes]:
        """Hand a frame, or a portion of a large one, to the storing thread. Returns its acknowledgements to be."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bytes] = loop.create_future()

        def settle(content: bytes) -> None:
            if not answer.done():
                answer.set_result(content)

        def tell(content: bytes) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(settle, content)

        self._storage.submit(Waiting(portion, source, tell))
        return answer
