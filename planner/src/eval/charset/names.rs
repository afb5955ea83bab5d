//! The charsets by their names.

use encoding_rs::{
    EUC_KR, GB18030, IBM866, ISO_8859_2, ISO_8859_3, ISO_8859_4, ISO_8859_5, ISO_8859_6, ISO_8859_7, ISO_8859_8,
    ISO_8859_10, ISO_8859_13, ISO_8859_14, ISO_8859_15, ISO_8859_16, KOI8_R, KOI8_U, MACINTOSH, WINDOWS_874,
    WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257,
    WINDOWS_1258,
};
use oem_cp::code_table::{
    DECODING_TABLE_CP437, DECODING_TABLE_CP850, DECODING_TABLE_CP852, DECODING_TABLE_CP855, DECODING_TABLE_CP858,
    DECODING_TABLE_CP860, DECODING_TABLE_CP862, DECODING_TABLE_CP863, DECODING_TABLE_CP865,
};

use crate::eval::charset::coding::ByteOrder::{Big, Little, Marked};
use crate::eval::charset::coding::Coding::{self, Ascii, Big5, EucJp, Gbk, Hz, Iso2022Jp, ShiftJis, Utf8, Utf16};
use crate::eval::charset::single_byte::SingleByte::{self, Dos, Ebcdic, Latin1, Whatwg};
use crate::eval::charset::single_byte::{EBCDIC_1047, EBCDIC_1140, LATIN_5};

/// A set of characters, and how they become bytes.
#[derive(Clone, Copy, Debug)]
pub(in crate::eval) struct Charset {
    /// Its name in the registry.
    pub(in crate::eval) name: &'static str,
    /// The other names that the registry gives it, in small letters.
    aliases: &'static str,
    coding: Coding,
}

impl Charset {
    /// The charset with this name or alias, however it is written, if it is one that we can code.
    pub(in crate::eval) fn named(name: &str) -> Option<Self> {
        let name = name.trim().to_lowercase();
        let is_it = |charset: &&Self| {
            charset.name.eq_ignore_ascii_case(&name) || charset.aliases.split_whitespace().any(|alias| alias == name)
        };
        CHARSETS.iter().find(is_it).copied()
    }

    /// The bytes of `text`; none when it has a character that cannot be coded.
    pub(in crate::eval) fn encode(&self, text: &str) -> Option<Vec<u8>> {
        self.coding.encode(text)
    }

    /// The text that `bytes` stand for; none when some stand for nothing.
    pub(in crate::eval) fn decode(&self, bytes: &[u8]) -> Option<String> {
        self.coding.decode(bytes)
    }
}

const fn row(name: &'static str, coding: Coding, aliases: &'static str) -> Charset {
    Charset { name, aliases, coding }
}

const fn single(table: SingleByte) -> Coding {
    Coding::SingleByte(table)
}

/// Those of the registry that the reference can code, which are not all.
const CHARSETS: &[Charset] = &[
    row("Big5", Big5, "csbig5"),
    row("EUC-KR", Coding::Whatwg(EUC_KR), "cseuckr"),
    row("Extended_UNIX_Code_Packed_Format_for_Japanese", EucJp, "cseucpkdfmtjapanese euc-jp"),
    row("GB18030", Coding::Whatwg(GB18030), "csgb18030"),
    row("GBK", Gbk, "cp936 csgbk ms936 windows-936"),
    row("HZ-GB-2312", Hz, ""),
    row("IBM00858", single(Dos(&DECODING_TABLE_CP858)), "ccsid00858 cp00858 csibm00858 pc-multilingual-850+euro"),
    row("IBM01140", single(EBCDIC_1140), "ccsid01140 cp01140 csibm01140 ebcdic-us-37+euro"),
    row("IBM037", single(Ebcdic(&[])), "cp037 csibm037 ebcdic-cp-ca ebcdic-cp-nl ebcdic-cp-us ebcdic-cp-wt"),
    row("IBM1047", single(EBCDIC_1047), "csibm1047 ibm-1047"),
    row("IBM437", single(Dos(&DECODING_TABLE_CP437)), "437 cp437 cspc8codepage437"),
    row("IBM850", single(Dos(&DECODING_TABLE_CP850)), "850 cp850 cspc850multilingual"),
    row("IBM852", single(Dos(&DECODING_TABLE_CP852)), "852 cp852 cspcp852"),
    row("IBM855", single(Dos(&DECODING_TABLE_CP855)), "855 cp855 csibm855"),
    row("IBM860", single(Dos(&DECODING_TABLE_CP860)), "860 cp860 csibm860"),
    row("IBM862", single(Dos(&DECODING_TABLE_CP862)), "862 cp862 cspc862latinhebrew"),
    row("IBM863", single(Dos(&DECODING_TABLE_CP863)), "863 cp863 csibm863"),
    row("IBM865", single(Dos(&DECODING_TABLE_CP865)), "865 cp865 csibm865"),
    row("IBM866", single(Whatwg(IBM866)), "866 cp866 csibm866"),
    row("ISO-2022-JP", Iso2022Jp, "csiso2022jp"),
    row("ISO-8859-10", single(Whatwg(ISO_8859_10)), "csisolatin6 iso-ir-157 iso_8859-10:1992 l6 latin6"),
    row("ISO-8859-13", single(Whatwg(ISO_8859_13)), "csiso885913"),
    row(
        "ISO-8859-14",
        single(Whatwg(ISO_8859_14)),
        "csiso885914 iso-celtic iso-ir-199 iso_8859-14 iso_8859-14:1998 l8 latin8",
    ),
    row("ISO-8859-15", single(Whatwg(ISO_8859_15)), "csiso885915 iso_8859-15 latin-9"),
    row("ISO-8859-16", single(Whatwg(ISO_8859_16)), "csiso885916 iso-ir-226 iso_8859-16 iso_8859-16:2001 l10 latin10"),
    row("ISO_8859-1:1987", single(Latin1(&[])), "cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso_8859-1 l1 latin1"),
    row("ISO_8859-2:1987", single(Whatwg(ISO_8859_2)), "csisolatin2 iso-8859-2 iso-ir-101 iso_8859-2 l2 latin2"),
    row("ISO_8859-3:1988", single(Whatwg(ISO_8859_3)), "csisolatin3 iso-8859-3 iso-ir-109 iso_8859-3 l3 latin3"),
    row("ISO_8859-4:1988", single(Whatwg(ISO_8859_4)), "csisolatin4 iso-8859-4 iso-ir-110 iso_8859-4 l4 latin4"),
    row("ISO_8859-5:1988", single(Whatwg(ISO_8859_5)), "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso_8859-5"),
    row("ISO_8859-6-E", single(Whatwg(ISO_8859_6)), "csiso88596e iso-8859-6-e"),
    row("ISO_8859-6-I", single(Whatwg(ISO_8859_6)), "csiso88596i iso-8859-6-i"),
    row(
        "ISO_8859-6:1987",
        single(Whatwg(ISO_8859_6)),
        "arabic asmo-708 csisolatinarabic ecma-114 iso-8859-6 iso-ir-127 iso_8859-6",
    ),
    row(
        "ISO_8859-7:1987",
        single(Whatwg(ISO_8859_7)),
        "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso_8859-7",
    ),
    row("ISO_8859-8-E", single(Whatwg(ISO_8859_8)), "csiso88598e iso-8859-8-e"),
    row("ISO_8859-8-I", single(Whatwg(ISO_8859_8)), "csiso88598i iso-8859-8-i"),
    row("ISO_8859-8:1988", single(Whatwg(ISO_8859_8)), "csisolatinhebrew hebrew iso-8859-8 iso-ir-138 iso_8859-8"),
    row("ISO_8859-9:1989", single(LATIN_5), "csisolatin5 iso-8859-9 iso-ir-148 iso_8859-9 l5 latin5"),
    row("KOI8-R", single(Whatwg(KOI8_R)), "cskoi8r"),
    row("KOI8-U", single(Whatwg(KOI8_U)), "cskoi8u"),
    row("Shift_JIS", ShiftJis, "csshiftjis ms_kanji"),
    row("US-ASCII", Ascii, "ansi_x3.4-1968 ansi_x3.4-1986 cp367 csascii ibm367 iso-ir-6 iso646-us iso_646.irv:1991 us"),
    row("UTF-16", Utf16(Marked), "csutf16"),
    row("UTF-16BE", Utf16(Big), "csutf16be"),
    row("UTF-16LE", Utf16(Little), "csutf16le"),
    row("UTF-8", Utf8, "csutf8"),
    row("macintosh", single(Whatwg(MACINTOSH)), "csmacintosh mac"),
    row("windows-1250", single(Whatwg(WINDOWS_1250)), "cswindows1250"),
    row("windows-1251", single(Whatwg(WINDOWS_1251)), "cswindows1251"),
    row("windows-1252", single(Whatwg(WINDOWS_1252)), "cswindows1252"),
    row("windows-1253", single(Whatwg(WINDOWS_1253)), "cswindows1253"),
    row("windows-1254", single(Whatwg(WINDOWS_1254)), "cswindows1254"),
    row("windows-1255", single(Whatwg(WINDOWS_1255)), "cswindows1255"),
    row("windows-1256", single(Whatwg(WINDOWS_1256)), "cswindows1256"),
    row("windows-1257", single(Whatwg(WINDOWS_1257)), "cswindows1257"),
    row("windows-1258", single(Whatwg(WINDOWS_1258)), "cswindows1258"),
    row("windows-874", single(Whatwg(WINDOWS_874)), "cswindows874"),
];
