//! One `.xz` file out of blocks that were compressed each on its own.
//!
//! The format is that of <https://tukaani.org/xz/xz-file-format.txt>, version 1.2: a stream has a header, blocks, an index of
//! their sizes and a footer. What liblzma makes of one block is such a stream; the block is taken out
//! of it, and all of them together become another one. A stream of many blocks, unlike many streams in
//! a row, is read by everything that reads `.xz`.

use std::io;

/// Both are 12 bytes.
const HEADER: usize = 12;
const FOOTER: usize = 12;
const MAGIC: [u8; 6] = [0xfd, b'7', b'z', b'X', b'Z', 0];
const FOOTER_MAGIC: [u8; 2] = *b"YZ";
/// Each block ends with a CRC64.
const FLAGS: [u8; 2] = [0, 4];

/// A block's two sizes, as an index lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    /// Of the block in the stream, without its padding.
    unpadded: u64,
    /// Of what it unpacks to.
    uncompressed: u64,
}

/// What stands before the first block.
pub(super) fn header() -> Vec<u8> {
    [&MAGIC[..], &FLAGS, &crc(&FLAGS)].concat()
}

/// The block of a stream that has exactly one.
pub(super) fn block(stream: &[u8]) -> io::Result<(&[u8], Sizes)> {
    parse(stream).ok_or_else(|| {
        let reason = "the compressor made no .xz stream of one block";
        io::Error::new(io::ErrorKind::InvalidData, reason)
    })
}

/// The index and the footer: what stands after the last block.
pub(super) fn trailer(blocks: &[Sizes]) -> Vec<u8> {
    let mut index = vec![0];
    put_number(&mut index, blocks.len() as u64);
    for sizes in blocks {
        put_number(&mut index, sizes.unpadded);
        put_number(&mut index, sizes.uncompressed);
    }
    index.resize(index.len().next_multiple_of(4), 0);
    let sum = crc(&index);
    index.extend(sum);
    // Backward size: the index's length in units of four bytes, less one.
    let backward = u32::try_from(index.len() / 4 - 1).unwrap_or(u32::MAX);
    let sized = [&backward.to_le_bytes()[..], &FLAGS].concat();
    [&index[..], &crc(&sized), &sized, &FOOTER_MAGIC].concat()
}

fn parse(stream: &[u8]) -> Option<(&[u8], Sizes)> {
    let footer = stream.get(stream.len().checked_sub(FOOTER)?..)?;
    if !stream.starts_with(&header()) || footer[8..10] != FLAGS || footer[10..] != FOOTER_MAGIC {
        return None;
    }
    let backward = u32::from_le_bytes(footer[4..8].try_into().ok()?);
    let index_size = (usize::try_from(backward).ok()? + 1) * 4;
    let index_at = stream.len().checked_sub(FOOTER + index_size)?;
    let mut index = stream.get(index_at + 1..)?;
    if take_number(&mut index)? != 1 {
        return None;
    }
    let (unpadded, uncompressed) = (take_number(&mut index)?, take_number(&mut index)?);
    let block = stream.get(HEADER..index_at)?;
    let is_whole = unpadded.next_multiple_of(4) == block.len() as u64;
    is_whole.then_some((
        block,
        Sizes {
            unpadded,
            uncompressed,
        },
    ))
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..9 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn crc(bytes: &[u8]) -> [u8; 4] {
    crc32fast::hash(bytes).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use liblzma::read::XzDecoder;
    use liblzma::stream::{Check, Filters, LzmaOptions, Stream};
    use liblzma::write::XzEncoder;

    use super::*;

    fn stream(content: &[u8]) -> Vec<u8> {
        let mut filters = Filters::new();
        filters.lzma2(&LzmaOptions::new_preset(0).unwrap());
        let stream = Stream::new_stream_encoder(&filters, Check::Crc64).unwrap();
        let mut encoder = XzEncoder::new_stream(Vec::new(), stream);
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn blocks_put_together_unpack_to_all_they_hold() {
        let contents = [b"one".repeat(1000), b"two".repeat(70_000), b"3".to_vec()];
        let streams = contents.each_ref().map(|it| stream(it));
        let blocks = streams.each_ref().map(|it| block(it).unwrap());
        let mut whole = header();
        for (bytes, _) in blocks {
            whole.extend(bytes);
        }
        whole.extend(trailer(&blocks.map(|(_, sizes)| sizes)));
        // Not one that reads several streams in a row.
        let mut unpacked = Vec::new();
        let mut decoder = XzDecoder::new(&whole[..]);
        decoder.read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, contents.concat());
        assert_eq!(decoder.total_in(), whole.len() as u64);
    }

    #[test]
    fn a_stream_of_one_block_put_together_again_is_the_same() {
        let one = stream(&b"one".repeat(1000));
        let (bytes, sizes) = block(&one).unwrap();
        assert_eq!([&header()[..], bytes, &trailer(&[sizes])].concat(), one);
    }

    #[test]
    fn what_is_no_such_stream_is_refused() {
        let one = stream(b"one");
        assert!(block(&one[1..]).is_err() && block(&one[..one.len() - 1]).is_err());
        assert!(block(&stream(b"")).is_err(), "it has no block");
        assert!(block(b"").is_err());
    }
}
