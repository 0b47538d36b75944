//! The attributes that are read; all others are stepped over.

use dicom_core::Tag;
use dicom_dictionary_std::tags;

/// Attributes at the top level of a data set.
pub(crate) const TOP_LEVEL: &[Tag] = &[
    tags::SPECIFIC_CHARACTER_SET,
    tags::IMAGE_TYPE,
    tags::SOP_CLASS_UID,
    tags::SOP_INSTANCE_UID,
    tags::STUDY_DATE,
    tags::SERIES_DATE,
    tags::ACQUISITION_DATE,
    tags::ACQUISITION_DATE_TIME,
    tags::MODALITY,
    tags::SERIES_DESCRIPTION,
    tags::PATIENT_ID,
    tags::CONTRAST_BOLUS_AGENT,
    tags::SLICE_THICKNESS,
    tags::KVP,
    tags::CONVOLUTION_KERNEL,
    tags::PATIENT_POSITION,
    tags::STUDY_INSTANCE_UID,
    tags::SERIES_INSTANCE_UID,
    tags::ACQUISITION_NUMBER,
    tags::IMAGE_POSITION_PATIENT,
    tags::IMAGE_ORIENTATION_PATIENT,
    tags::FRAME_OF_REFERENCE_UID,
    tags::TEMPORAL_POSITION_IDENTIFIER,
    tags::SAMPLES_PER_PIXEL,
    tags::PHOTOMETRIC_INTERPRETATION,
    tags::NUMBER_OF_FRAMES,
    tags::ROWS,
    tags::COLUMNS,
    tags::PIXEL_SPACING,
    tags::BITS_ALLOCATED,
    tags::BITS_STORED,
    tags::HIGH_BIT,
    tags::PIXEL_REPRESENTATION,
    tags::PIXEL_PADDING_VALUE,
    tags::PIXEL_PADDING_RANGE_LIMIT,
    tags::MODALITY_LUT_SEQUENCE,
    tags::RESCALE_INTERCEPT,
    tags::RESCALE_SLOPE,
    tags::RESCALE_TYPE,
    tags::LOSSY_IMAGE_COMPRESSION,
    tags::EXTENDED_OFFSET_TABLE,
];

/// Attributes within functional groups (PS3.3 C.7.6.16.2, C.8.15.3) and codes, each with its
/// sequence.
pub(crate) const NESTED: &[(Tag, Tag)] = &[
    (tags::PLANE_POSITION_SEQUENCE, tags::IMAGE_POSITION_PATIENT),
    (tags::PLANE_ORIENTATION_SEQUENCE, tags::IMAGE_ORIENTATION_PATIENT),
    (tags::PIXEL_MEASURES_SEQUENCE, tags::PIXEL_SPACING),
    (tags::PIXEL_MEASURES_SEQUENCE, tags::SLICE_THICKNESS),
    (tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE, tags::RESCALE_INTERCEPT),
    (tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE, tags::RESCALE_SLOPE),
    (tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE, tags::RESCALE_TYPE),
    (tags::FRAME_CONTENT_SEQUENCE, tags::FRAME_ACQUISITION_NUMBER),
    (tags::FRAME_CONTENT_SEQUENCE, tags::TEMPORAL_POSITION_INDEX),
    (tags::FRAME_CONTENT_SEQUENCE, tags::STACK_ID),
    (tags::CT_IMAGE_FRAME_TYPE_SEQUENCE, tags::FRAME_TYPE),
    (tags::CT_RECONSTRUCTION_SEQUENCE, tags::CONVOLUTION_KERNEL),
    (tags::CTX_RAY_DETAILS_SEQUENCE, tags::KVP),
    (tags::PATIENT_ORIENTATION_MODIFIER_CODE_SEQUENCE, tags::CODE_VALUE),
];
